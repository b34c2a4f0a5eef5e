import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// HTTP/2 over restarts, with TLS and without.
    @Suite struct HTTP2 {
        @Test(.timeLimit(.minutes(2)))
        func thirtyRestartsUnderLoadAnswerOrRefuseEveryStream() async throws {
            let https = try await HTTPSServer.install(in: .shared, asCredentials: false)
            let machine = https.server.machine
            for (scheme, port, times) in [("http", 8080, 15), ("https", HTTPSServer.port, 15)] {
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

        @Test(.timeLimit(.minutes(1)))
        func aLongRequestOverHTTP2IsFinishedByTheProcessThatBeganIt() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine)
            let old = try #require(try await server.mainPID())
            async let long = machine.run(
                "curl",
                "--silent",
                "--show-error",
                "--http2-prior-knowledge",
                "--write-out",
                "version %{http_version}",
                "http://127.0.0.1:8080/sleep/?duration=20s",
                seconds: 40
            )
            try await machine.waitForConnection(to: 8080)
            // It has been read when a request that came later has been answered, on each event loop.
            for connection in try await Connection.open(8, to: 8080, in: machine) { _ = try await connection.get("/") }

            try await server.systemctl("restart")

            let answer = try await long
            #expect(answer.status == 0, "\(answer)")
            #expect(answer.output.hasSuffix(" from pid \(old).\nversion 2"), "\(answer)")
            #expect(try await server.mainPID() != old)
        }
    }
}
