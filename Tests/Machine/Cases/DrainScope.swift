import Foundation
import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// With `baton run` as main process a restart does not wait for the requests in flight.
    @Suite struct DrainScope {
        private func install(_ dropIns: [DropIn] = []) async throws -> Server {
            try await Server.install(.supervised(), in: Machine.shared, dropIns: dropIns)
        }

        /// Begins a request that takes that many seconds; returns when it has been accepted.
        private func begin(_ seconds: Int, _ server: Server) async throws -> Connection {
            let connection = try await server.connect()
            try await connection.send("GET /sleep/?duration=\(seconds)s HTTP/1.1\r\nHost: machine\r\n\r\n")
            try await server.machine.waitForEmptyBacklog(of: server.units.port)
            return connection
        }

        private func elapsed(_ body: () async throws -> Void) async throws -> Duration {
            let start = ContinuousClock.now
            try await body()
            return ContinuousClock.now - start
        }

        private func waitUntilDrained(_ machine: Machine) async throws {
            try await machine.waitUntil { try await machine.scopes("app-drain-*").isEmpty }
        }

        @Test(.timeLimit(.minutes(2)))
        func aLongRequestDoesNotHoldARestartUp() async throws {
            let server = try await install()
            let machine = server.machine
            let old = try #require(try await server.get("/").pid)
            let main = try #require(try await server.mainPID())
            let long = try await begin(8, server)

            let time = try await elapsed { try await server.systemctl("restart") }

            #expect(time < .seconds(1))
            #expect(try await server.mainPID() != main)
            let next = try await server.get("/")
            #expect(next.status == 200)
            #expect(next.pid != old)
            #expect(try await machine.scopes("app-drain-*") == ["app-drain-\(old).scope"])
            #expect(try await machine.processes(of: "app-drain-\(old).scope") == [old])
            let reply = try #require(try await long.reply(seconds: 30))
            #expect(reply.pid == old)
            #expect(reply.status == 200)
            try await waitUntilDrained(machine)
            #expect(!FileManager.default.fileExists(atPath: machine.path("/proc/\(old)")))
        }

        @Test(.timeLimit(.minutes(1)))
        func theWorkerKeepsItsUserLimitsAndLastWords() async throws {
            let server = try await install([.service("[Service]\nMemoryMax=300M\n")])
            let machine = server.machine
            let old = try #require(try await server.get("/").pid)
            let user = try await machine.check("stat", "--format=%u", "/proc/\(old)")
            #expect(user != "0")
            let long = try await begin(3, server)
            let mark = try await machine.markJournal()
            try await server.systemctl("restart")

            let scope = "app-drain-\(old).scope"
            for name in ["MemoryMax", "TasksMax", "DevicePolicy", "DeviceAllow", "Slice"] {
                #expect(
                    try await machine.check("systemctl", "show", "-P", name, scope) == server.property(name),
                    "\(name)"
                )
            }
            #expect(try await machine.check("systemctl", "show", "-P", "MemoryMax", scope) == "314572800")
            #expect(try await machine.check("stat", "--format=%u", "/proc/\(old)") == user)
            let new = try #require(try await server.get("/").pid)
            #expect(try await machine.check("stat", "--format=%u", "/proc/\(new)") == user)
            #expect(try await long.reply()?.pid == old)
            try await waitUntilDrained(machine)

            let journal = try await machine.journal(of: "app*", since: mark)
            #expect(
                journal.contains { $0.pid == old && $0.message == "drained: every request was answered" },
                "\(journal)"
            )
        }

        @Test(.timeLimit(.minutes(1)))
        func aStopWaitsForTheDrain() async throws {
            let server = try await install()
            let machine = server.machine
            let old = try #require(try await server.get("/").pid)
            let long = try await begin(2, server)
            let mark = try await machine.markJournal()
            let time = try await elapsed { try await server.systemctl("stop") }
            #expect(time > .seconds(1))
            #expect(try await long.reply()?.pid == old)
            #expect(try await machine.scopes("app-drain-*") == [])
            let journal = try await server.journal(since: mark)
            #expect(!journal.contains { $0.message.contains("drain-scope") }, "\(journal)")
            #expect(try await server.property("ActiveState") == "inactive")
        }

        @Test(.timeLimit(.minutes(1)), arguments: [["try-restart", "app.service"], ["restart", "app.socket"]])
        func otherWaysToRestart(_ command: [String]) async throws {
            let server = try await install()
            let machine = server.machine
            let old = try #require(try await server.get("/").pid)
            let long = try await begin(4, server)
            let result = try await machine.run(["systemctl"] + command)
            #expect(result.status == 0, "\(result)")
            #expect(try await machine.scopes("app-drain-*") == ["app-drain-\(old).scope"])
            let next = try await server.get("/")
            #expect(next.pid != old)
            #expect(try await long.reply()?.pid == old)
            try await waitUntilDrained(machine)
        }

        @Test(.timeLimit(.minutes(1)))
        func withoutAScopeTheRestartWaits() async throws {
            let server = try await install()
            let machine = server.machine
            let old = try #require(try await server.get("/").pid)
            try await machine.check(
                "sh",
                "-c",
                "systemd-run --scope --unit=app-drain-\(old) sleep 1004 </dev/null >/dev/null 2>&1 &"
            )
            try await machine.waitUntil { try await machine.scopes("app-drain-*").count == 1 }
            let long = try await begin(2, server)
            let mark = try await machine.markJournal()
            let time = try await elapsed { try await server.systemctl("restart") }
            #expect(time > .seconds(1))
            #expect(try await long.reply()?.pid == old)
            #expect(try await server.get("/").pid != old)
            let journal = try await server.journal(since: mark)
            #expect(journal.contains { $0.message.contains("draining in place") }, "\(journal)")
            try await machine.check("systemctl", "stop", "app-drain-\(old).scope")
        }

        @Test(.timeLimit(.minutes(2)))
        func tenRestartsInARowEachWithARequestInFlight() async throws {
            let server = try await install()
            let machine = server.machine
            var requests: [(pid: Int32, connection: Connection)] = []
            for _ in 1...10 {
                let pid = try #require(try await server.get("/").pid)
                requests.append((pid, try await begin(8, server)))
                try await server.systemctl("restart")
            }
            let last = try #require(try await server.get("/").pid)
            #expect(Set(requests.map(\.pid) + [last]).count == 11)
            for request in requests { #expect(try await request.connection.reply()?.pid == request.pid) }
            try await waitUntilDrained(machine)
            let workers = try await machine.check("pgrep", "--exact", "app").split(separator: "\n")
            #expect(workers == ["\(last)"])
        }
    }
}
