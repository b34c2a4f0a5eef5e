import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// Promise 1: no request is lost.
    @Suite struct RestartUnderLoad {
        @Test(.timeLimit(.minutes(5)))
        func restartsUnderAllKindsOfClientsLoseNothing() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine)
            let restarts = Thoroughness.count(20)
            // Each process lives at least until it has answered.
            let ask = "curl -fsS -o /dev/null http://127.0.0.1:\(server.units.port)/"
            let restart = "systemctl restart \(server.service) && \(ask)"
            let (result, report) = try await machine.probe(
                server,
                ["--connections", "32", "--restart", restart],
                restarts: restarts,
                interval: 1,
                seconds: 240
            )
            #expect(result.status == 0, "\(result)")
            #expect(report.total.failed == 0, "\(report.total.outcomes)")
            #expect(report.total.issued == report.total.recorded)
            #expect(report.total.issued > 1000)
            #expect(report.restarts.filter(\.succeeded).count == restarts)
            // The one before the first restart, and one after each.
            #expect(Set(report.pids.map(\.pid)).count == restarts + 1)
        }
    }
}
