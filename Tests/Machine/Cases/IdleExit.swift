import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// A server that nobody asks exits, and the next connection starts it.
    @Suite struct IdleExit {
        private func install(_ time: String) async throws -> Server {
            try await Server.install(
                .app(),
                in: try await Machine.shared,
                dropIns: [
                    .service(try UnitPair.dropIn("idle-exit.conf")), .command("/usr/local/bin/app --idle-exit \(time)"),
                ]
            )
        }

        @Test(.timeLimit(.minutes(1)))
        func itEndsWellAndTheNextConnectionStartsIt() async throws {
            let server = try await install("300ms")
            let mark = try await server.machine.markJournal()
            let old = try await server.get("/").pid
            try await server.waitUntilInactive()
            #expect(try await server.property("Result") == "success")
            #expect(try await server.property("ExecMainStatus") == "0")
            #expect(try await server.property("NRestarts") == "0")
            let journal = try await server.journal(since: mark)
            #expect(journal.contains { $0.message.contains("no connection for 0.3 seconds") }, "\(journal)")
            let reply = try await server.get("/")
            #expect(reply.status == 200)
            #expect(reply.pid != old)
        }

        @Test(.timeLimit(.minutes(1)))
        func anOpenConnectionKeepsIt() async throws {
            let server = try await install("100ms")
            let connection = try await server.connect()
            let pid = try await connection.get("/")?.pid
            try await Task.sleep(for: .milliseconds(700))
            #expect(try await connection.get("/")?.pid == pid)
        }

        /// Connections that arrive just when it exits, some a little earlier, some a little later.
        @Test(.timeLimit(.minutes(3)))
        func noConnectionIsLostAtThatMoment() async throws {
            let server = try await install("20ms")
            var pids: Set<Int32> = []
            for round in 0..<200 {
                // From before the exit to after it, in steps of 0.2 ms.
                try await Task.sleep(for: .milliseconds(10) + .microseconds(200 * (round % 100)))
                let reply = try await server.get("/")
                #expect(reply.status == 200)
                if let pid = reply.pid { pids.insert(pid) }
            }
            #expect(pids.count > 20, "it exited too rarely to prove anything: \(pids.count)")
            #expect(pids.count < 200, "no process has served two")
        }
    }
}
