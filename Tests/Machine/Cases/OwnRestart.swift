import Foundation
import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// The program starts its successor itself, and systemd follows (`MAINPID=`), with `NotifyAccess=main`.
    @Suite struct OwnRestart {
        private static let program = "/run/own-restart"

        private func install(_ settings: String = "", timeout: String = "20s") async throws -> Server {
            let machine = try await Machine.shared
            try await machine.check("ln", "-sfn", "/usr/local/bin/app", Self.program)
            return try await Server.install(
                .app(),
                in: machine,
                dropIns: [
                    .command("\(Self.program) --restart-signal USR2 --restart-timeout \(timeout)"),
                    .service("[Service]\n\(settings)\n"),
                ]
            )
        }

        /// Sends the signal and waits until systemd has another main process, which answers.
        private func restart(_ server: Server) async throws -> Int32 {
            let old = try #require(try await server.mainPID())
            try await server.kill("USR2")
            try await server.waitForProperty("MainPID") { $0 != "\(old)" }
            let new = try #require(try await server.mainPID())
            try await server.machine.waitUntil { try await server.get("/").pid == new }
            return new
        }

        /// Waits until the processes of the service are these.
        private func wait(_ server: Server, for pids: [Int32]) async throws {
            try await server.machine.waitUntil {
                let group = try await server.property("ControlGroup")
                let text = try await server.machine.check("cat", "/sys/fs/cgroup\(group)/cgroup.procs")
                return text.split(separator: "\n").compactMap { Int32($0) } == pids
            }
        }

        private func complaints(_ server: Server, since mark: JournalMark) async throws -> [String] {
            try await server.journal(since: mark).filter { entry in
                // Warnings and worse, whoever writes them.
                (entry.fields["PRIORITY"].flatMap { Int($0) } ?? 7) <= 4
            }.map(\.message)
        }

        @Test(.timeLimit(.minutes(1)))
        func systemdFollowsTheMainProcess() async throws {
            let server = try await install()
            let mark = try await server.machine.markJournal()
            let invocation = try await server.property("InvocationID")
            for _ in 1...3 {
                let old = try #require(try await server.mainPID())
                let slow = try await server.connect()
                try await slow.send("GET /sleep/?duration=1s HTTP/1.1\r\nHost: a\r\n\r\n")
                try await server.machine.waitForEmptyBacklog(of: 8080)
                let new = try await restart(server)
                let reply = try #require(try await slow.reply())
                #expect(reply.status == 200)
                #expect(reply.pid == old)
                try await wait(server, for: [new])
                #expect(try await server.property("ActiveState") == "active")
                #expect(try await server.property("SubState") == "running")
                try await server.wait(for: "StatusText", toBe: "serving")
            }
            #expect(try await server.property("NRestarts") == "0")
            #expect(try await server.property("InvocationID") == invocation)
            #expect(try await complaints(server, since: mark) == [])
            // What is told afterwards comes from the right process, and is heard.
            try await server.systemctl("reload")
            try await server.systemctl("stop")
            #expect(try await server.property("Result") == "success")
        }

        @Test(.timeLimit(.minutes(1)))
        func afterOneThatFailsTheOldOneServesAndTheStatusSaysWhy() async throws {
            let server = try await install(timeout: "5s")
            let machine = server.machine
            let old = try #require(try await server.mainPID())
            func fails(_ reason: String) async throws {
                try await server.kill("USR2")
                let status = try await server.waitForProperty("StatusText") { $0.contains(reason) }
                #expect(status.hasPrefix("serving; restart failed: "))
                #expect(try await server.mainPID() == old)
                #expect(try await server.property("ActiveState") == "active")
                #expect(try await server.property("SubState") == "running")
                #expect(try await server.get("/").pid == old)
                try await wait(server, for: [old])
            }
            try await machine.check("rm", Self.program)
            try await fails("'\(Self.program)' cannot be executed: No such file or directory")
            try await machine.check("ln", "-sfn", "/bin/false", Self.program)
            try await fails("ended before it was ready")
            try "#!/bin/sh\nsleep 1001\n".write(toFile: machine.path("/run/hangs"), atomically: true, encoding: .utf8)
            try await machine.check("chmod", "755", "/run/hangs")
            try await machine.check("ln", "-sfn", "/run/hangs", Self.program)
            try await fails("was not ready within 5.0 seconds")
            try await machine.check("ln", "-sfn", "/usr/local/bin/app", Self.program)
            #expect(try await restart(server) != old)
            try await server.wait(for: "StatusText", toBe: "serving")
            #expect(try await server.property("NRestarts") == "0")
        }

        @Test(.timeLimit(.minutes(1)))
        func theNewMainProcessIsWatchedLikeTheFirst() async throws {
            let server = try await install()
            let new = try await restart(server)
            try await wait(server, for: [new])
            try await server.kill("KILL")
            for _ in 1...5 {
                let reply = try await server.get("/")
                #expect(reply.status == 200)
                #expect(reply.pid != new)
            }
            #expect(try await server.property("NRestarts") == "1")
            // Also while the one before it still drains: systemd starts the next when that has ended, too.
            let old = try #require(try await server.mainPID())
            let slow = try await server.connect()
            try await slow.send("GET /sleep/?duration=2s HTTP/1.1\r\nHost: a\r\n\r\n")
            try await server.machine.waitForEmptyBacklog(of: 8080)
            let next = try await restart(server)
            #expect(next != old)
            try await server.kill("KILL")
            #expect(try await slow.reply()?.pid == old)
            try await server.wait(for: "NRestarts", toBe: "2")
            try await server.wait(for: "SubState", toBe: "running")
            #expect(try await server.get("/").status == 200)
        }

        @Test(.timeLimit(.minutes(1)))
        func theWatchdogGoesOnWithTheNewMainProcess() async throws {
            // At half of it a loop that has not answered is warned of.
            let server = try await install("WatchdogSec=4")
            let mark = try await server.machine.markJournal()
            func ping() async throws -> UInt64 { UInt64(try await server.property("WatchdogTimestampMonotonic")) ?? 0 }
            for _ in 1...2 {
                let new = try await restart(server)
                let first = try await ping()
                try await server.waitForProperty("WatchdogTimestampMonotonic") { (UInt64($0) ?? 0) > first + 6_000_000 }
                #expect(try await server.mainPID() == new)
            }
            #expect(try await server.property("NRestarts") == "0")
            #expect(try await complaints(server, since: mark) == [])
            // It is the new one's pings that count.
            let new = try #require(try await server.mainPID())
            try await server.kill("STOP")
            try await server.wait(for: "NRestarts", toBe: "1")
            #expect(try await server.get("/").pid != new)
        }

        @Test(.timeLimit(.minutes(1)))
        func stopInAnAttemptEndsBoth() async throws {
            let server = try await install()
            let machine = server.machine
            try "#!/bin/sh\nexec sleep 1001\n".write(
                toFile: machine.path("/run/hangs"),
                atomically: true,
                encoding: .utf8
            )
            try await machine.check("chmod", "755", "/run/hangs")
            try await machine.check("ln", "-sfn", "/run/hangs", Self.program)
            try await server.kill("USR2")
            try await server.wait(for: "StatusText", toBe: "restarting")
            let begin = ContinuousClock.now
            try await server.systemctl("stop")
            // An attempt may take 20 s, and a stop 40 s.
            #expect(ContinuousClock.now - begin < .seconds(15))
            #expect(try await server.property("Result") == "success")
        }

        @Test(.timeLimit(.minutes(2)))
        func tenRestartsUnderLoadLoseNothing() async throws {
            let server = try await install("WatchdogSec=4")
            let mark = try await server.machine.markJournal()
            // The command returns when there is another main process, and it has answered.
            let script = """
                #!/bin/bash
                pid() { systemctl show -P MainPID \(server.service); }
                old=$(pid)
                systemctl kill --signal=USR2 --kill-whom=main \(server.service)
                until [[ $(pid) != "$old" ]]; do sleep 0.01; done
                new=$(pid)
                until curl -fsS http://127.0.0.1:\(server.units.port)/ | grep -q "pid $new$"; do sleep 0.01; done
                """
            try script.write(
                toFile: server.machine.path("/run/restart"),
                atomically: true,
                encoding: .utf8
            )
            let (result, report) = try await server.machine.probe(
                server,
                ["--connections", "32", "--restart", "bash /run/restart"],
                restarts: 10,
                interval: 1,
                seconds: 100
            )
            #expect(result.status == 0, "\(result)")
            #expect(report.total.failed == 0, "\(report.total.outcomes)")
            #expect(report.total.issued > 1000)
            #expect(report.restarts.filter(\.succeeded).count == 10, "\(result)")
            #expect(Set(report.pids.map(\.pid)).count == 11)
            #expect(try await server.property("NRestarts") == "0")
            #expect(try await complaints(server, since: mark) == [])
        }
    }
}
