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
            async let long = machine.run(
                "curl",
                "--silent",
                "--show-error",
                "http://127.0.0.1:8080/sleep/?duration=20s",
                seconds: 40
            )
            try await machine.waitForConnection(to: 8080)

            try await server.systemctl("restart")

            let answer = try await long
            #expect(answer.status == 0, "\(answer)")
            #expect(answer.output.hasSuffix(" slept for 20000000000 nanoseconds from pid \(old).\n"), "\(answer)")
            let next = try await server.get("/sleep/?duration=1ms")
            let new = try #require(try await server.mainPID())
            #expect(new != old)
            #expect(next.status == 200)
            #expect(next.pid == new)
        }
    }
}
