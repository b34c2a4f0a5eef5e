import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// What a restart costs new connections, against a server that costs nothing.
    @Suite(.enabled(if: !Thoroughness.isSystemdOnly)) struct Pause {
        private static let load = ["--mode", "new-connection", "--connections", "16", "--rate", "50", "--settle", "1"]
        private static let linger = 250.0

        /// Alternates between the servers, so that a noisy neighbour meets both.
        private func gaps(
            rounds: Int,
            restarts: Int,
            extra: [String] = [],
            _ servers: [Server]
        ) async throws -> [[Double]] {
            var gaps: [[Double]] = servers.map { _ in [] }
            for _ in 0..<rounds {
                for (index, server) in servers.enumerated() {
                    let mark = try await server.machine.markJournal()
                    let (result, report) = try await server.machine.probe(
                        server,
                        Self.load + extra,
                        restarts: restarts,
                        interval: 1,
                        seconds: 90
                    )
                    if report.restarts.filter(\.succeeded).count != restarts {
                        Issue.record("\(result)\n\(try await server.journal(since: mark))")
                    }
                    #expect(report.total.failed == 0, "\(server.service): \(report.total.outcomes)")
                    gaps[index] += report.restarts.compactMap(\.longestNewConnectionGapMilliseconds)
                }
            }
            for (server, gaps) in zip(servers, gaps) {
                #expect(gaps.count == rounds * restarts)
                let (middle, worst) = (median(gaps).rounded(), (gaps.max() ?? .nan).rounded())
                print("pause of \(server.units.name), \(gaps.count) restarts: median \(middle) ms, worst \(worst) ms")
            }
            return gaps
        }

        private func median(_ values: [Double]) -> Double {
            let sorted = values.sorted()
            return sorted.isEmpty ? .nan : (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
        }

        @Test(.timeLimit(.minutes(5)))
        func underNewConnectionsItIsCloseToThatOfAPlainServer() async throws {
            let machine = try await Machine.shared
            let servers = [
                try await Server.install(.plain(), in: machine), try await Server.install(.app(), in: machine),
            ]
            let gaps = try await gaps(rounds: Thoroughness.isUnattended ? 4 : 2, restarts: 5, servers)
            #expect(median(gaps[1]) <= 2 * median(gaps[0]))
        }

        /// What waits in front of the next generation: a supervisor and a program are to be started, not one program.
        @Test(.timeLimit(.minutes(5)))
        func supervisedItIsCloseToThatOfAPlainServer() async throws {
            let machine = try await Machine.shared
            let servers = [
                try await Server.install(.plain(), in: machine), try await Server.install(.supervised(), in: machine),
            ]
            let gaps = try await gaps(rounds: Thoroughness.isUnattended ? 4 : 2, restarts: 5, servers)
            #expect(median(gaps[1]) <= 2 * median(gaps[0]))
        }

        @Test(.timeLimit(.minutes(5)))
        func withIdleConnectionsTheLingerIsAdded() async throws {
            let machine = try await Machine.shared
            let plain = try await Server.install(.plain(), in: machine)
            let app = try await Server.install(.app(), in: machine)
            let restarts = Thoroughness.count(20)
            let idle = ["--mode", "keep-alive-pause", "--pause", "0.9"]
            var (bare, withIdle): ([Double], [Double]) = ([], [])
            // Alternates, too.
            for _ in 1...5 {
                bare += try await gaps(rounds: 1, restarts: restarts / 5, [plain])[0]
                withIdle += try await gaps(rounds: 1, restarts: restarts / 5, extra: idle, [app])[0]
            }
            #expect(median(withIdle) <= 1.5 * median(bare) + Self.linger)
        }
    }
}
