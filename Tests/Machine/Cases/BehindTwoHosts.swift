import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// Two hosts behind a load balancer, of which one at a time is restarted, or dies.
    @Suite(.enabled(if: !Thoroughness.isSystemdOnly)) struct BehindTwoHosts {
        private static let clients = 32

        /// Starts both, and HAProxy before them.
        private func run(
            retries: LoadBalancer.Retries,
            _ body: @escaping @Sendable (_ hosts: [BackendHost], _ balancer: LoadBalancer) async throws -> Void
        ) async throws {
            let machine = try await Machine.shared
            let hosts = [try await BackendHost.start(1, in: machine), try await BackendHost.start(2, in: machine)]
            let balancer = try LoadBalancer(in: machine, before: hosts, retries: retries)
            try await balancer.run { try await body(hosts, balancer) }
            for host in hosts { try await host.remove() }
        }

        private func probe(
            _ options: [String],
            restart: [String],
            settle: Double = 1
        ) async throws -> (CommandResult, ProbeReport) {
            let command = ["set -e"] + restart
            return try await Machine.shared.probe(
                port: LoadBalancer.port,
                options + ["--settle", "\(settle)", "--restart", command.joined(separator: "\n")],
                restarts: 1,
                seconds: 120
            )
        }

        /// Each leaves by its lame duck, is gone, and comes back, before the other one does.
        @Test(.timeLimit(.minutes(3)))
        func stoppingAndStartingOneAfterTheOtherLosesNothing() async throws {
            try await run(retries: .none) { hosts, balancer in
                let (result, report) = try await probe(
                    ["--connections", "\(Self.clients)"],
                    restart: hosts.flatMap { host in
                        [
                            "systemctl stop \(host.server.service)", "systemctl start \(host.server.service)",
                            LoadBalancer.waitCommand(host),
                        ]
                    }
                )
                #expect(result.status == 0 && report.total.failed == 0, "\(result)")
                #expect(report.total.issued == report.total.recorded && report.total.issued > 1000, "\(result)")
                #expect(report.pids.count == 4, "each host before and after")
                let counts = try await balancer.counts
                #expect(counts.count == 2)
                for (name, count) in counts {
                    #expect(count.timesDown == 1 && count.retries == 0, "\(name): \(count)")
                }
                print("behind HAProxy, both hosts stopped and started: \(report.total.outcomes)")
            }
        }

        @Test(.timeLimit(.minutes(3)))
        func replacingThemInPlaceLosesNothingAndNoHostIsTakenOut() async throws {
            try await run(retries: .none) { hosts, balancer in
                let mark = try await Machine.shared.markJournal()
                let (result, report) = try await probe(
                    ["--connections", "\(Self.clients)"],
                    restart: hosts.map(\.replaceCommand)
                )
                #expect(result.status == 0 && report.total.failed == 0, "\(result)")
                #expect(report.total.issued == report.total.recorded && report.total.issued > 1000, "\(result)")
                #expect(report.pids.count == 4, "each host before and after")
                for (name, count) in try await balancer.counts {
                    #expect(count.timesDown == 0 && count.retries == 0, "\(name): \(count)")
                }
                #expect(try await Machine.shared.drained(since: mark).count == 2, "the one before on each host")
                for host in hosts {
                    let journal = try await host.server.journal(since: mark)
                    #expect(!journal.contains { $0.message.contains("still served") }, "\(journal)")
                }
                print("behind HAProxy, both hosts replaced in place: \(report.total.outcomes)")
            }
        }

        @Test(.timeLimit(.minutes(3)))
        func aHostThatDiesTakesOnlyTheRequestsThatItHad() async throws {
            try await run(retries: .asIs) { hosts, balancer in
                let (dying, living) = (hosts[0], hosts[1])
                let machine = dying.server.machine
                // All of them are under way when it dies, and none ends or begins meanwhile.
                let (result, report) = try await probe(
                    ["--connections", "\(Self.clients)", "--mode", "long", "--long-duration", "8"],
                    restart: [LoadBalancer.currentCommand(dying) + " >/run/under-way", dying.killCommand],
                    settle: 2
                )
                let underWay = try #require(Int(try await machine.check("cat", "/run/under-way")))
                #expect((1..<Self.clients).contains(underWay), "the other host had some, too")
                #expect((1...underWay).contains(report.total.failed), "of \(underWay): \(result)")
                #expect(report.total.outcomes["ok", default: 0] >= Self.clients - underWay, "\(result)")
                print("behind HAProxy, a host killed: \(report.total.failed) failed of \(underWay) that it had")

                let (_, alone) = try await probe(
                    ["--connections", "\(Self.clients)"],
                    restart: ["systemctl start \(dying.server.service)", LoadBalancer.waitCommand(dying)]
                )
                #expect(alone.total.failed == 0 && alone.total.issued > 1000, "\(alone.total)")
                #expect(alone.pids.count == 2, "the one that lives, and the new one")

                // What it is sent until it counts as down is refused, and sent to the other one.
                let (short, quick) = try await probe(
                    ["--connections", "\(Self.clients)", "--mode", "new-connection", "--mode", "keep-alive"],
                    restart: [dying.killCommand],
                    settle: 3
                )
                #expect(quick.total.failed <= Self.clients && quick.total.issued > 1000, "\(short)")
                try await machine.waitUntil { try await balancer.counts["host1"]?.status == "DOWN" }
                let counts = try await balancer.counts
                #expect(counts["host2"]?.timesDown == 0, "\(counts)")
                #expect(try await living.server.property("NRestarts") == "0")
                print("the same under short requests: \(quick.total.failed) of \(quick.total.issued) failed")
            }
        }
    }
}
