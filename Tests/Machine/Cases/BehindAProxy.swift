import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// A reverse proxy keeps connections to the server: where those are closed at a restart, its clients are told 502.
    @Suite(.enabled(if: !Thoroughness.isSystemdOnly)) struct BehindAProxy {
        @Test(.timeLimit(.minutes(2)))
        func noneOfItsClientsSeesARestart() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine)
            let report = try await load(server)
            // 499 is nginx's word for a client that has gone: wrk at its end, with a request on each connection.
            #expect(Set(report.answers.keys).subtracting([200, 499]).isEmpty && !report.hasErrors, "\(report)")
            #expect(report.answers[499, default: 0] <= ReverseProxy.connections, "\(report)")
            #expect(report.answers[200, default: 0] > 10_000, "\(report)")
        }

        /// For comparison: nothing is expected of it.
        @Test(.timeLimit(.minutes(2)), .enabled(if: Thoroughness.isLong && Binaries.hasStockServer))
        func whatTheyAreToldWithoutBaton() async throws {
            let machine = try await Machine.shared
            try Binaries.copyStockServer(into: machine)
            let app = try await Server.install(.app(), in: machine, start: false)
            try await machine.check("systemctl", "stop", app.socket)
            let unit = "[Unit]\nStartLimitIntervalSec=0\n"
            let service = "\(unit)[Service]\nExecStart=/usr/local/bin/stock-server 8090\nRestart=always\n"
            let server = try await Server.install(UnitPair(name: "plain", socket: nil, service: service), in: machine)
            _ = try await load(server)
            try await server.systemctl("stop")
        }

        private func load(_ server: Server) async throws -> ReverseProxy.Report {
            let (seconds, restarts) = Thoroughness.isLong ? (60, 30) : (15, 10)
            let report = try await ReverseProxy(in: server.machine, port: server.units.port).load(seconds: seconds) {
                let begin = ContinuousClock.now
                for number in 1...restarts {
                    try await server.systemctl("restart")
                    // Spread over the load.
                    try await Task.sleep(until: begin + .seconds(Double(number * seconds) / Double(restarts + 1)))
                }
            }
            let command = try await server.property("ExecStart").prefix { $0 != ";" }
            print("behind nginx, \(restarts) restarts of \(command): \(report.answers)")
            return report
        }
    }
}
