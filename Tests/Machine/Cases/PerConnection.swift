import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// Accept=yes: systemd accepts, and each connection has a process of its own.
    @Suite struct PerConnection {
        @Test(.timeLimit(.minutes(1)))
        func eachConnectionHasAProcessOfItsOwnThatEndsWithIt() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(try UnitPair.perConnection(), in: machine, start: false)
            let mark = try await machine.markJournal()

            let (first, second) = (try await server.connect(), try await server.connect())
            let pids = [try await first.get("/")?.pid, try await second.get("/")?.pid, try await first.get("/")?.pid]
            #expect(pids[0] == pids[2] && pids[0] != nil, "keep-alive")
            #expect(pids[0] != pids[1])
            #expect(try await instances(machine) == 2)

            // It ends with the connection, whoever ends that.
            try await first.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(try await first.reply()?.status == 200)
            for connection in [first, second] {
                connection.finish()
                #expect(try await connection.receive().isEmpty)
            }
            try await machine.waitUntil { try await instances(machine) == 0 }

            let journal = try await machine.journal(of: "app@*.service", since: mark)
            #expect(try await machine.drained(since: mark).count == 2, "\(journal)")
            #expect(journal.contains { $0.message.contains("connection[0], connected to ") })
            #expect(!journal.contains { $0.pid != 1 && ($0.priority ?? 7) <= 4 }, "\(journal)")
        }

        @Test(.timeLimit(.minutes(1)))
        func stoppedItAnswersWhatItHasReceived() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(try UnitPair.perConnection(), in: machine, start: false)
            let connection = try await server.connect()
            _ = try await connection.get("/")
            try await connection.send("GET /sleep/?duration=1s HTTP/1.1\r\nHost: a\r\n\r\n")
            try await machine.check("systemctl", "stop", "app@*.service")
            let reply = try await connection.reply()
            #expect(reply?.status == 200)
            #expect(reply?.closes == true)
        }

        private func instances(_ machine: Machine) async throws -> Int {
            let list = try await machine.check(
                "systemctl",
                "list-units",
                "--plain",
                "--no-legend",
                "--state=active,activating,deactivating",
                "app@*.service"
            )
            return list.split(separator: "\n").count
        }
    }
}
