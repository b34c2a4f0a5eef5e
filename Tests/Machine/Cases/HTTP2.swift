import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// HTTP/2 over restarts, with TLS and without.
    @Suite struct HTTP2 {
        @Test(.timeLimit(.minutes(2)))
        func restartsUnderLoadAnswerOrRefuseEveryStream() async throws {
            let https = try await HTTPSServer.install(in: .shared, asCredentials: false)
            let machine = https.server.machine
            let times = Thoroughness.count(15)
            for (scheme, port) in [("http", 8080), ("https", HTTPSServer.port)] {
                let result = try await machine.run(
                    "/usr/local/bin/http2-client",
                    "\(port)",
                    "/sleep/?duration=20ms",
                    "8",
                    "10",
                    scheme,
                    "\(times)",
                    "250",
                    "systemctl restart app.service",
                    seconds: 60
                )
                #expect(result.status == 0, "\(result)")
                let numbers = result.output.matches(of: /[0-9]+/).compactMap { Int($0.0) }
                try #require(numbers.count >= 8, "\(result)")
                let (answered, lost, firstGoAways, lastGoAways) = (numbers[0], numbers[2], numbers[5], numbers[6])
                #expect(lost == 0, "\(result)")
                #expect(answered > 1000, "\(result)")
                #expect(firstGoAways >= 8 * times, "each connection of each generation is told: \(result)")
                #expect(lastGoAways >= 8 * times, "\(result)")
            }
            try await https.remove()
        }

        /// nghttp2's own client, a run for each restart, as its connections do not come back. Each of its streams that ends after
        /// GOAWAY has it submit another request, which it then cannot begin, and counts as failed; of those that it had begun none may
        /// fail, which the server tells.
        @Test(.timeLimit(.minutes(2)), .enabled(if: !Thoroughness.isSystemdOnly))
        func restartsUnderH2load() async throws {
            let server = try await Server.install(.app(), in: .shared)
            let mark = try await server.machine.markJournal()
            var (answered, refused) = (0, 0)
            let restarts = Thoroughness.count(30)
            for _ in 1...restarts {
                async let load = server.machine.runBeside(
                    "h2load",
                    "--clients=8",
                    "--max-concurrent-streams=10",
                    "--duration=1",
                    "http://127.0.0.1:\(server.units.port)/sleep/?duration=5ms"
                )
                try await server.machine.waitForConnection(to: server.units.port)
                try await server.systemctl("restart")
                let result = try await load
                let pattern = /([0-9]+) succeeded, ([0-9]+) failed, ([0-9]+) errored, 0 timeout/
                let counts = try #require(result.output.firstMatch(of: pattern), "\(result)")
                let (succeeded, failed) = (Int(counts.1) ?? 0, Int(counts.2) ?? -1)
                // One for each stream, and one that nghttp2 refuses at once.
                #expect(succeeded > 0 && failed <= 8 * (10 + 1), "\(result)")
                #expect(result.output.contains("status codes: \(succeeded) 2xx, 0 3xx, 0 4xx, 0 5xx"), "\(result)")
                (answered, refused) = (answered + succeeded, refused + failed)
            }
            let said = try await server.journal(since: mark).map(\.message)
            #expect(try await server.machine.drained(since: mark).count == restarts, "\(said)")
            #expect(!said.contains { $0.contains(" cut ") }, "\(said)")
            print("h2load, \(restarts) restarts: \(answered) answered, \(refused) refused by GOAWAY before they began")
        }

        @Test(.timeLimit(.minutes(1)))
        func aLongRequestOverHTTP2IsFinishedByTheProcessThatBeganIt() async throws {
            let machine = try await Machine.shared
            let configuration = try await machine.debugConfiguration()
            let server = try await Server.install(
                .app(),
                in: machine,
                dropIns: [.command("/usr/local/bin/app --config \(configuration)")]
            )
            let old = try #require(try await server.mainPID())
            let mark = try await machine.markJournal()
            async let long = machine.run(
                "curl",
                "--silent",
                "--show-error",
                "--http2-prior-knowledge",
                "--write-out",
                "version %{http_version}",
                "http://127.0.0.1:8080/sleep/?duration=5s",
                seconds: 40
            )
            try await server.waitForSleeper(since: mark)

            try await server.systemctl("restart")

            let answer = try await long
            #expect(answer.status == 0, "\(answer)")
            #expect(answer.output.hasSuffix(" from pid \(old).\nversion 2"), "\(answer)")
            #expect(try await server.mainPID() != old)
        }
    }
}
