import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// Clients that send as little as they can, for as long as they can: they delay nobody's restart for long, and nobody's answer.
    @Suite struct HostileClients {
        private static let post = """
            POST /sleep/ HTTP/1.1\r
            Host: machine\r
            Content-Type: application/x-www-form-urlencoded\r
            Content-Length: 12000\r
            \r
            duration=1ms&rest=
            """

        /// Sends a piece on each connection, again and again, until it is cancelled or they are closed.
        private func trickle(_ piece: String, on connections: [Connection], every pause: Duration) -> Task<Void, Never>
        {
            Task {
                while (try? await Task.sleep(for: pause)) != nil {
                    for connection in connections { try? await connection.send(piece) }
                }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func aRestartTakesSecondsAndEverybodyElseIsAnswered() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine)
            let old = try await server.mainPID()
            func open(_ count: Int, _ text: String) async throws -> [Connection] {
                let connections = try await Connection.open(count, to: server.units.port, in: machine)
                for connection in connections where !text.isEmpty { try await connection.send(text) }
                return connections
            }
            let slowBodies = try await open(50, Self.post)
            let slowHeads = try await open(50, "GET /?")
            let silent = try await open(50, "")
            let halfOpen = try await open(50, "GET /?half")
            for connection in halfOpen { connection.finish() }
            let upload = try await open(1, Self.post)
            let patient = try await open(20, "GET /sleep/?duration=2s HTTP/1.1\r\nHost: machine\r\n\r\n")
            let drips = [
                trickle("x", on: slowBodies + slowHeads, every: .milliseconds(500)),
                // Twelve thousand bytes take eight seconds, more than the grace of five.
                trickle(String(repeating: "x", count: 300), on: upload, every: .milliseconds(200)),
            ]
            defer { for drip in drips { drip.cancel() } }
            // All of it has been read when a request that came later has been answered, on each event loop.
            for connection in try await open(8, "") { #expect(try await connection.get("/")?.pid == old) }
            let mark = try await machine.markJournal()

            let start = ContinuousClock.now
            async let restarted: Void = server.systemctl("restart")
            for connection in patient { #expect(try await connection.reply()?.pid == old) }
            #expect(try await upload[0].reply()?.pid == old)
            try await restarted
            let took = ContinuousClock.now - start

            // The deadline is 30 s.
            #expect(took < .seconds(20), "\(took)")
            let new = try await server.mainPID()
            for connection in silent { #expect(try await connection.get("/")?.pid == new) }
            for connection in slowHeads {
                try await connection.send(" HTTP/1.1\r\nHost: machine\r\n\r\n")
                #expect(try await connection.reply()?.pid == new)
            }
            let cut = try await server.journal(since: mark).map(\.message).filter {
                $0.hasPrefix("connection cut in the drain, less than 500 bytes/s of a request came: ")
            }
            #expect(cut.count == 50 && cut.allSatisfy { $0.contains("POST /sleep/") }, "\(cut)")
        }

        /// Half a thousand new connections a second, none of which ever asks.
        @Test(.timeLimit(.minutes(1)))
        func connectionsThatNeverAskDoNotKeepAServerThatOwnsItsSocket() async throws {
            let machine = try await Machine.shared
            let result = try await machine.run(
                "bash",
                "-c",
                """
                set -u
                app --port 9193 --drain-timeout 20 2>/run/flood.log & pid=$!
                until curl -fsS -o /dev/null http://127.0.0.1:9193/ 2>/dev/null; do kill -0 $pid || exit 9; sleep 0.02; done
                (for ((i = 0; i < 5000; i++)); do exec {f}<>/dev/tcp/127.0.0.1/9193 || break; done) 2>/dev/null & flood=$!
                sleep 0.2
                begin=$SECONDS
                kill -TERM $pid; wait $pid; status=$?
                kill -KILL $flood 2>/dev/null
                echo "status $status after $((SECONDS - begin)) s"
                """,
                seconds: 50
            )
            let match = try #require(result.output.firstMatch(of: /status 0 after ([0-9]+) s/), "\(result)")
            #expect(Int(match.1).map { $0 < 15 } == true, "\(result)")
        }
    }
}
