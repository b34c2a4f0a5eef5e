import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// Promise 4: everything has an end, and complete requests are answered before it.
    @Suite struct SlowClients {
        private static let timeout = 5

        private func install(in machine: Machine, timeout: Int = timeout) async throws -> Server {
            try await Server.install(
                .app(),
                in: machine,
                dropIns: [.command("/usr/local/bin/app --drain-timeout \(timeout)")]
            )
        }

        /// Stops the service, which must exit by itself, and returns how long that took.
        private func stop(_ server: Server) async throws -> Duration {
            let start = ContinuousClock.now
            try await server.systemctl("stop")
            let took = ContinuousClock.now - start
            #expect(try await server.property("Result") == "success")
            #expect(try await server.property("ExecMainCode") == "1", "1 is an exit, 2 and 3 are deaths by a signal")
            #expect(try await server.property("ExecMainStatus") == "0")
            return took
        }

        @Test(.timeLimit(.minutes(1)))
        func completeRequestsAreAnsweredAndTheRestIsCutAtTheDeadline() async throws {
            let machine = try await Machine.shared
            let server = try await install(in: machine, timeout: 12)
            let silent = try await Connection.open(to: 8080, in: machine)
            let dripping = try await Connection.open(to: 8080, in: machine)
            try await dripping.send("GET /?takes-more-than-the-deadline=")
            let drip = Task {
                // Not so slow that it would be cut for that, before the deadline.
                while true {
                    try await Task.sleep(for: .milliseconds(500))
                    try await dripping.send(String(repeating: "x", count: 500))
                }
            }
            defer { drip.cancel() }
            let slow = try await Connection.open(to: 8080, in: machine, receiveBuffer: 4096)
            try await slow.send("GET /bytes/1000000 HTTP/1.1\r\nHost: machine\r\n\r\n")
            var received = try await slow.receive()
            let pipelining = try await Connection.open(to: 8080, in: machine)
            let request = "GET /sleep/?duration=100ms HTTP/1.1\r\nHost: machine\r\n\r\n"
            try await pipelining.send(String(repeating: request, count: 10))
            let mark = try await machine.markJournal()

            async let took = stop(server)

            for number in 1...10 {
                let reply = try #require(try await pipelining.reply(), "response \(number) is missing")
                #expect(reply.status == 200)
            }
            #expect(try await pipelining.receive().isEmpty, "after the last response comes a FIN, and no RST")
            while received.count < 1_000_000 {
                // 400 kB a second: done well before the deadline.
                try await Task.sleep(for: .milliseconds(100))
                for _ in 0..<20 where received.count < 1_000_000 {
                    let more = try await slow.receive(limit: 2048)
                    guard !more.isEmpty else { throw ConnectionError.truncated }
                    received += more
                }
            }
            // systemd would kill it after 40 s.
            #expect(try await took < .seconds(20))
            // It never asked for anything: closed, one way or the other.
            #expect((try? await silent.receive().isEmpty) ?? true)
            let journal = try await server.journal(since: mark)
            #expect(
                journal.contains { $0.message.contains("cut") && $0.message.contains("incomplete request head") },
                "\(journal)"
            )
        }

        @Test(.timeLimit(.minutes(1)))
        func aClientThatNeverReadsIsCutAtTheDeadline() async throws {
            let machine = try await Machine.shared
            let server = try await install(in: machine)
            let stuck = try await Connection.open(to: 8080, in: machine, receiveBuffer: 4096)
            try await stuck.send("GET /bytes/200000000 HTTP/1.1\r\nHost: machine\r\n\r\n")
            _ = try await stuck.receive(limit: 1)
            let mark = try await machine.markJournal()

            let took = try await stop(server)

            #expect(took > .seconds(Self.timeout) - .milliseconds(500), "its response was given up before the deadline")
            // systemd would kill it after 40 s.
            #expect(took < .seconds(20))
            let journal = try await server.journal(since: mark)
            #expect(
                journal.contains { $0.message.contains("cut") && $0.message.contains("GET /bytes/200000000") },
                "\(journal)"
            )
        }

        @Test(.timeLimit(.minutes(1)))
        func aSilentClientDoesNotHoldTheExitUp() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine)
            let idle = try await Connection.open(to: 8080, in: machine)
            #expect(try await idle.get("/")?.status == 200)

            // The linger is 0.25 s, the deadline 30 s.
            #expect(try await stop(server) < .seconds(15))
            #expect(try await idle.receive().isEmpty, "a FIN, and no RST")
        }
    }
}
