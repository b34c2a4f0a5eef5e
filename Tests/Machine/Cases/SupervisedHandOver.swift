import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// A reload of a supervised service closes no connection: they go to the next generation.
    @Suite struct SupervisedHandOver {
        @Test(.timeLimit(.minutes(2)))
        func tenThousandIdleConnectionsSurviveHUP() async throws {
            let server = try await Server.install(.supervised(), in: try await Machine.shared)
            let (result, report) = try await server.machine.probe(
                server,
                [
                    "--connections", "4", "--mode", "new-connection", "--rate", "100", "--idle", "10000", "--no-close",
                    // HUP, and the end of the old generation, which answers until it is told.
                    "--restart", "baton restart --control /run/app/baton-run --until-drained",
                ],
                restarts: 2,
                interval: 3,
                seconds: 100
            )
            #expect(report.total.failed == 0 && report.total.closedConnections == 0, "\(result)")
            #expect(report.idle.restarts.map(\.survived) == [10_000, 10_000], "\(result)")
            #expect(report.idle.restarts.map(\.answeredByNewProcess) == [10_000, 10_000], "\(result)")
            // The number of the generation.
            try await server.waitForProperty("NFileDescriptorStore") { $0 == "1" }
        }

        @Test(.timeLimit(.minutes(2)))
        func idleAndBusyConnectionsSurviveReloads() async throws {
            let server = try await Server.install(.supervised(), in: try await Machine.shared)
            let (result, report) = try await server.machine.probe(
                server,
                [
                    "--connections", "16", "--mode", "keep-alive", "--mode", "slow-body", "--idle", "1000", "--drip",
                    "8",
                    "--no-close", "--restart", "systemctl reload \(server.service)",
                ],
                restarts: 5,
                interval: 1,
                seconds: 90
            )
            #expect(report.total.failed == 0 && report.total.closedConnections == 0, "\(result)")
            #expect(report.idle.restarts.map(\.survived) == Array(repeating: 1000, count: 5), "\(result)")
            #expect(report.restarts.filter(\.succeeded).count == 5, "\(result)")
            // The number of the generation.
            try await server.waitForProperty("NFileDescriptorStore") { $0 == "1" }
        }
    }
}
