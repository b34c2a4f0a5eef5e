import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// The article's experiment.
    @Suite struct LongRequest {
        @Test(.timeLimit(.minutes(2)))
        func aRequestOfTwentySecondsIsFinishedByTheProcessThatBeganIt() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine)
            let old = try #require(try await server.mainPID())
            let long = try await server.connect()
            try await long.send("GET /sleep/?duration=20s HTTP/1.1\r\nHost: machine\r\n\r\n")
            try await server.waitUntilRead()

            try await server.systemctl("restart")

            let answer = try #require(try await long.reply(seconds: 40))
            #expect(answer.status == 200, "\(answer)")
            #expect(answer.text.hasSuffix(" slept for 20000000000 nanoseconds from pid \(old).\n"), "\(answer)")
            let next = try await server.get("/sleep/?duration=1ms")
            let new = try #require(try await server.mainPID())
            #expect(new != old)
            #expect(next.status == 200)
            #expect(next.pid == new)
        }
    }
}
