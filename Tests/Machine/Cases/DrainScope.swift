import Foundation
import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// With `baton run` as main process a restart does not wait for the requests in flight.
    @Suite struct DrainScope {
        private func install(_ dropIns: [DropIn] = []) async throws -> Server {
            let machine = try await Machine.shared
            // Of an earlier case: nobody else ends them.
            _ = try await machine.run("systemctl", "kill", "--signal=KILL", "app-drain-*.scope")
            let server = try await Server.install(.supervised(), in: machine, dropIns: dropIns)
            try await waitUntilDrained(machine)
            return server
        }

        /// Begins a request that takes that many seconds; returns when it has been accepted.
        private func begin(_ seconds: Int, _ server: Server) async throws -> Connection {
            let connection = try await server.connect()
            try await connection.send("GET /sleep/?duration=\(seconds)s HTTP/1.1\r\nHost: machine\r\n\r\n")
            try await server.machine.waitForEmptyBacklog(of: server.units.port)
            return connection
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

            let start = ContinuousClock.now
            try await server.systemctl("restart")
            let time = ContinuousClock.now - start

            // Of the 8.
            #expect(time < .seconds(6))
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
            try await machine.waitUntil { !FileManager.default.fileExists(atPath: machine.path("/proc/\(old)")) }
        }

        @Test(.timeLimit(.minutes(1)))
        func theWorkerKeepsItsUserLimitsAndLastWords() async throws {
            let server = try await install([.service("[Service]\nMemoryMax=300M\n")])
            let machine = server.machine
            let old = try #require(try await server.get("/").pid)
            let user = try await machine.check("stat", "--format=%u", "/proc/\(old)")
            #expect(user != "0")
            let mark = try await machine.markJournal()
            let long = try await begin(8, server)
            try await server.systemctl("restart")

            func limits(_ unit: String) async throws -> Set<Substring> {
                let names = ["MemoryMax", "TasksMax", "DevicePolicy", "DeviceAllow", "Slice"].flatMap { ["-p", $0] }
                return Set(try await machine.run(["systemctl", "show"] + names + [unit]).output.split(separator: "\n"))
            }
            let found = try await limits("app-drain-\(old).scope")
            #expect(try await limits(server.service) == found)
            #expect(found.contains("MemoryMax=314572800"), "\(found)")
            #expect(try await machine.check("stat", "--format=%u", "/proc/\(old)") == user)
            let new = try #require(try await server.get("/").pid)
            #expect(try await machine.check("stat", "--format=%u", "/proc/\(new)") == user)
            #expect(try await long.reply()?.pid == old)
            try await waitUntilDrained(machine)

            let drained = try await machine.drained(since: mark)
            #expect(drained == [old])
        }

        @Test(.timeLimit(.minutes(1)))
        func aStopWaitsForTheDrain() async throws {
            let server = try await install()
            let machine = server.machine
            let old = try #require(try await server.get("/").pid)
            let mark = try await machine.markJournal()
            let long = try await begin(4, server)
            try await server.systemctl("stop")
            // It is there.
            #expect(try await long.reply(seconds: 1)?.pid == old)
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
            let long = try await begin(8, server)
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
            let mark = try await machine.markJournal()
            let long = try await begin(4, server)
            try await server.systemctl("restart")
            // It is there.
            #expect(try await long.reply(seconds: 1)?.pid == old)
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
