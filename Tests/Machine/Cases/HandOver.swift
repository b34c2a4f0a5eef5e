import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// A restart closes no connection: what idles, or has sent a part of a request, goes over to the next process.
    @Suite struct HandOver {
        /// A few clients, each of whose requests has a new connection: they see the pause.
        private static let load = ["--connections", "4", "--mode", "new-connection", "--rate", "100"]

        /// Idle connections, of which each answers its next request from the next process.
        @Test(.timeLimit(.minutes(3)), arguments: [100, 1000, 10_000])
        func idleConnectionsSurvive(count: Int) async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine)
            let before = try await openDescriptors(ofPID1: machine)
            let (result, report) = try await machine.probe(
                server,
                Self.load + ["--no-close", "--idle", "\(count)"],
                restarts: 2,
                interval: 3,
                seconds: 120
            )
            #expect(result.status == 0, "\(result)")
            #expect(report.total.failed == 0 && report.total.closedConnections == 0, "\(report.total)")
            for restart in report.idle.restarts {
                #expect(restart.connections == count && restart.survived == count, "\(restart)")
                #expect(restart.answeredByNewProcess == count, "\(restart)")
            }
            #expect(report.idle.restarts.count == 2)
            let gaps = report.restarts.compactMap(\.longestNewConnectionGapMilliseconds).map { $0.rounded() }
            print("pause with \(count) idle connections: \(gaps) ms")
            try await server.waitForProperty("NFileDescriptorStore") { $0 == "0" }
            try await machine.waitUntil { try await openDescriptors(ofPID1: machine) <= before }
        }

        private func openDescriptors(ofPID1 machine: Machine) async throws -> Int {
            // systemctl's own connection to it is closed a moment later.
            var last = -1
            try await machine.waitUntil {
                let count = try await machine.check("ls", "/proc/1/fd").split(separator: "\n").count
                defer { last = count }
                return count == last
            }
            return last
        }

        /// Each client sends a byte every 0.1 s: a restart in the middle of it does not wait for the rest.
        @Test(.timeLimit(.minutes(2)))
        func twoHundredUnfinishedRequestsSurvive() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine)
            let (_, without) = try await machine.probe(server, Self.load, restarts: 3, interval: 1, seconds: 60)
            let (result, report) = try await machine.probe(
                server,
                Self.load + ["--no-close", "--drip", "200"],
                restarts: 3,
                interval: 6,
                seconds: 100
            )
            #expect(report.total.failed == 0 && report.total.closedConnections == 0, "\(result)")
            let sent = try #require(report.beingSentAtRestarts.first { $0.mode == "drip" }, "\(result)")
            #expect(sent.requests > 500 && sent.unanswered == 0, "\(sent)")
            // Those whose last byte came before the signal did are the old one's.
            #expect(sent.answeredByNewProcess > sent.requests / 2, "\(sent)")
            let (shortest, usual) = (report.shortestRestart, without.shortestRestart)
            print("a restart with 200 unfinished requests: \(shortest) s, without: \(usual) s")
            // Waiting for them would take seconds, each time.
            #expect(shortest < usual + 1)
        }

        @Test(.timeLimit(.minutes(2)))
        func busyClientsKeepTheirConnectionsOverFiftyRestarts() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine)
            // Each process lives at least until it has answered.
            let ask = "curl -fsS -o /dev/null http://127.0.0.1:\(server.units.port)/"
            let restart = "systemctl restart \(server.service) && \(ask)"
            let (result, report) = try await machine.probe(
                server,
                ["--connections", "64", "--mode", "keep-alive", "--no-close", "--restart", restart],
                restarts: 50,
                interval: 0.5,
                seconds: 110
            )
            #expect(report.total.failed == 0 && report.total.closedConnections == 0, "\(result)")
            #expect(report.restarts.filter(\.succeeded).count == 50, "\(result)")
            #expect(report.pids.count == 51, "\(result)")
        }
    }
}

extension ProbeReport {
    /// How long the restart command ran at least, in seconds.
    fileprivate var shortestRestart: Double { restarts.map(\.tookSeconds).min() ?? .infinity }
}
