import Foundation
import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// `baton drain-scope`, with processes that know nothing of it.
    @Suite struct DrainScopeAlone {
        /// A main process that ends at TERM and leaves what it has started: a worker with a child, and the newest one.
        private static let script = """
            trap 'exit 0' TERM; (sleep 1001 & exec sleep 1002) & \
            until [ $(cat /proc/$!/comm) = sleep ]; do sleep 0.01; done; sleep 1003 & while :; do wait; done
            """

        private func install(
            options: String = "",
            settings: String = "",
            script: String = script
        ) async throws -> Server {
            let machine = try await Machine.shared
            // Of an earlier test: nobody else ends them.
            _ = try await machine.run("systemctl", "kill", "--signal=KILL", "family-drain-*.scope")
            let units = UnitPair(
                name: "family",
                socket: nil,
                service: """
                    [Service]
                    ExecStart=/bin/sh -c "\(script)"
                    ExecStop=+/usr/local/bin/baton drain-scope \(options)
                    \(settings)
                    """
            )
            let server = try await Server.install(units, in: machine)
            try await machine.waitUntil { try await machine.scopes("family-drain-*.scope").isEmpty }
            return server
        }

        /// All processes but the main one, and the newest of them, as soon as these run: the last is the newest.
        private func family(
            _ server: Server,
            _ commands: [String] = ["sleep 1001", "sleep 1002", "sleep 1003"]
        ) async throws -> (main: Int32, others: Set<Int32>, newest: Int32) {
            let main = try #require(try await server.mainPID())
            var others: Set<Int32> = []
            var newest: Int32?
            try await server.machine.waitUntil {
                others = try await server.machine.processes(of: server.service).subtracting([main])
                for command in commands {
                    newest = try await pid(of: command, in: others, server.machine)
                    guard newest != nil else { return false }
                }
                return true
            }
            return (main, others, try #require(newest))
        }

        private func pid(of command: String, in pids: Set<Int32>, _ machine: Machine) async throws -> Int32? {
            try await machine.run("pgrep", "--full", "^\(command)").output
                .split(separator: "\n").compactMap { Int32($0) }.first(where: pids.contains)
        }

        @Test(.timeLimit(.minutes(1)))
        func aRestartMovesAllButTheMainProcessWithTheLimits() async throws {
            let limits = [
                "MemoryMax": "50000000", "MemoryHigh": "40000000", "MemorySwapMax": "1000000", "TasksMax": "123",
                "CPUWeight": "77", "CPUQuotaPerSecUSec": "1.500000s", "IOWeight": "55", "DevicePolicy": "closed",
                "IPAddressDeny": "10.0.0.0/8", "Slice": "family.slice", "KillSignal": "2", "TimeoutStopUSec": "7s",
            ]
            let server = try await install(
                options: "--limit 20s",
                settings: """
                    MemoryMax=50000000
                    MemoryHigh=40000000
                    MemorySwapMax=1000000
                    TasksMax=123
                    CPUWeight=77
                    CPUQuota=150%
                    IOWeight=55
                    DevicePolicy=closed
                    IPAddressDeny=10.0.0.0/8
                    Slice=family.slice
                    KillSignal=SIGINT
                    RestartKillSignal=SIGTERM
                    TimeoutStopSec=7
                    """
            )
            let machine = server.machine
            let (main, others, worker) = try await family(server)
            let mark = try await machine.markJournal()

            try await server.systemctl("restart")

            let scope = "family-drain-\(worker).scope"
            #expect(try await machine.scopes("family-drain-*") == [scope])
            #expect(try await machine.processes(of: scope) == others)
            #expect(try await server.mainPID() != main)
            for (name, value) in limits {
                #expect(try await machine.check("systemctl", "show", "-P", name, server.service) == value, "\(name)")
                #expect(try await machine.check("systemctl", "show", "-P", name, scope) == value, "\(name)")
            }
            #expect(try await machine.check("systemctl", "show", "-P", "RuntimeMaxUSec", scope) == "20s")
            let journal = try await server.journal(since: mark)
            let line = try #require(journal.first { $0.message.hasPrefix("baton drain-scope: ") }).message
            #expect(line.hasPrefix("baton drain-scope: family.service restarts: "), "\(line)")
            #expect(line.hasSuffix("sleep \(worker) moved to \(scope), to end within 20 s"), "\(line)")
            for pid in others { #expect(line.contains("sleep \(pid)"), "\(line)") }

            // The next restart has a scope of its own.
            let (_, next, _) = try await family(server)
            try await server.systemctl("restart")
            #expect(try await machine.scopes("family-drain-*").count == 2)
            #expect(try await machine.processes(of: scope) == others)
            #expect(next.isDisjoint(with: others))

            // systemd forgets a scope when nothing is left in it.
            try await machine.check("systemctl", "kill", "--signal=KILL", "family-drain-*.scope")
            try await machine.waitUntil { try await machine.scopes("family-drain-*").isEmpty }
        }

        @Test(.timeLimit(.minutes(1)))
        func aStopIsLeftAlone() async throws {
            let server = try await install()
            let machine = server.machine
            let (_, others, _) = try await family(server)
            let mark = try await machine.markJournal()
            try await server.systemctl("stop")
            #expect(try await machine.scopes("family-drain-*") == [])
            for pid in others { #expect(!FileManager.default.fileExists(atPath: machine.path("/proc/\(pid)"))) }
            let journal = try await server.journal(since: mark)
            #expect(!journal.contains { $0.message.contains("drain") }, "\(journal)")
        }

        @Test(.timeLimit(.minutes(1)))
        func withDelegationWhatIsBelowIsMovedToo() async throws {
            let server = try await install(
                settings: "Delegate=yes",
                script: """
                    trap 'exit 0' TERM; sleep 1001 & cd /sys/fs/cgroup/system.slice/family.service && mkdir -p below; \
                    echo $! >below/cgroup.procs; sleep 1003 & while :; do wait; done
                    """
            )
            let machine = server.machine
            let (_, others, worker) = try await family(server, ["sleep 1003"])
            try await server.systemctl("restart")
            let moved = try await machine.processes(of: "family-drain-\(worker).scope")
            #expect(others == [worker])
            #expect(moved.count == 2)
            #expect(moved.contains(worker))
            #expect(try await pid(of: "sleep 1001", in: moved, machine) != nil)
        }

        @Test(.timeLimit(.minutes(1)))
        func whereThereIsNoScopeTheyDrainInPlace() async throws {
            let server = try await install()
            let machine = server.machine
            let (_, others, worker) = try await family(server)
            let scope = "family-drain-\(worker).scope"
            try await machine.check(
                "sh",
                "-c",
                "systemd-run --scope --unit=\(scope) sleep 1004 </dev/null >/dev/null 2>&1 &"
            )
            try await machine.waitUntil { try await machine.processes(of: scope).count == 1 }
            let mark = try await machine.markJournal()

            try await server.systemctl("restart")

            let journal = try await server.journal(since: mark)
            let line = try #require(journal.first { $0.message.hasPrefix("baton drain-scope: ") }).message
            #expect(line.hasPrefix("baton drain-scope: draining in place: systemd was asked for \(scope): "), "\(line)")
            #expect(line.contains("UnitExists"), "\(line)")
            #expect(try await machine.processes(of: scope).count == 1)
            for pid in others { #expect(!FileManager.default.fileExists(atPath: machine.path("/proc/\(pid)"))) }
            #expect(try await server.property("ActiveState") == "active")
        }

        @Test(.timeLimit(.minutes(1)))
        func theNumberOfScopesHasALimit() async throws {
            let server = try await install(options: "--most-scopes 1")
            let machine = server.machine
            _ = try await family(server)
            try await server.systemctl("restart")
            let first = try await machine.scopes("family-drain-*")
            #expect(first.count == 1)
            _ = try await family(server)
            let mark = try await machine.markJournal()
            try await server.systemctl("restart")
            #expect(try await machine.scopes("family-drain-*") == first)
            let journal = try await server.journal(since: mark)
            #expect(
                journal.contains {
                    $0.message.hasPrefix(
                        "baton drain-scope: draining in place: scopes family-drain-PID.scope are 1 already"
                    )
                },
                "\(journal)"
            )
        }

        @Test(.timeLimit(.minutes(1)))
        func aScopeEndsAtItsLimit() async throws {
            let server = try await install(options: "--limit 1s")
            let machine = server.machine
            let (_, others, worker) = try await family(server)
            let mark = try await machine.markJournal()
            try await server.systemctl("restart")
            try await machine.waitUntil { try await machine.scopes("family-drain-*").isEmpty }
            let journal = try await machine.journal(of: "family-drain-\(worker).scope", since: mark)
            #expect(
                journal.contains { $0.pid == 1 && $0.message.contains("reached runtime time limit") },
                "\(journal)"
            )
            try await machine.waitUntil {
                others.allSatisfy { !FileManager.default.fileExists(atPath: machine.path("/proc/\($0)")) }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func elsewhereItRefuses() async throws {
            let server = try await install()
            let machine = server.machine
            let (_, others, _) = try await family(server)
            let program = "/usr/local/bin/baton"

            let shell = try await machine.run(program, "drain-scope")
            #expect(shell.status == 64)
            #expect(shell.errors.hasPrefix("baton drain-scope: MAINPID is not set; "), "\(shell)")

            let pretended = try await machine.run("env", "MAINPID=1", program, "drain-scope")
            #expect(pretended.status == 64)
            #expect(pretended.errors.hasPrefix("baton drain-scope: the cgroup of this process is "), "\(pretended)")

            let main = try await machine.run(
                "systemd-run",
                "--quiet",
                "--wait",
                "--pipe",
                "--setenv=MAINPID=1",
                program,
                "drain-scope"
            )
            #expect(main.status == 64)
            #expect(main.errors.hasPrefix("baton drain-scope: systemd runs no command of run-"), "\(main)")

            let other = try await machine.run(program, "drain-scope", "--limit", "1ms")
            #expect(other.status == 64)
            #expect(other.errors.contains("from 1 to 86400"), "\(other)")
            #expect(try await machine.processes(of: server.service).isSuperset(of: others))
        }
    }
}
