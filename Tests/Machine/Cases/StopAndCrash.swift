import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// Nobody is refused while no server runs.
    @Suite struct StopAndCrash {
        @Test(.timeLimit(.minutes(1)))
        func theNextRequestStartsAStoppedService() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine)
            let old = try #require(try await server.mainPID())
            try await server.systemctl("stop")
            #expect(try await server.property("ActiveState") == "inactive")

            let reply = try await server.get("/")

            #expect(reply.status == 200)
            #expect(reply.pid != old)
            // The answer can be here before PID 1 has read that it is ready.
            try await server.wait(for: "ActiveState", toBe: "active")
        }

        @Test(.timeLimit(.minutes(1)))
        func afterKillNoneIsRefused() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine)
            let old = try #require(try await server.mainPID())
            try await server.kill("KILL")
            for _ in 1...20 {
                let reply = try await server.get("/")
                #expect(reply.status == 200)
                #expect(reply.pid != old)
            }
            #expect(try await server.property("NRestarts") == "1")
        }
    }
}
