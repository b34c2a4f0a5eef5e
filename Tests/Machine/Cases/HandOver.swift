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
            #expect(try await server.property("NFileDescriptorStore") == "0")
        }
    }
}
