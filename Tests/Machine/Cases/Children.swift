import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// Promise 6: nothing leaks to children.
    @Suite struct Children {
        @Test(.timeLimit(.minutes(1)))
        func aChildHasNoneOfTheVariablesAndNoneOfTheDescriptors() async throws {
            let server = try await Server.install(
                .app(),
                in: try await Machine.shared,
                dropIns: [.command("/usr/local/bin/app --trial-routes")]
            )
            let environment = try await server.machine.check(
                "cat",
                "/proc/\(try #require(try await server.mainPID()))/environ"
            )
            for variable in ["LISTEN_FDS", "NOTIFY_SOCKET", "WATCHDOG_USEC"] {
                #expect(environment.contains(variable), "it was started with it")
            }
            let child = try await server.get("/trial/child").text
            #expect(child.contains("PATH="), "\(child)")
            for prefix in ["LISTEN_", "NOTIFY_SOCKET", "WATCHDOG_", "FDSTORE", "SERVER_STARTER_"] {
                #expect(!child.contains(prefix), "\(child)")
            }
            // Its three, and the one with which ls reads the folder.
            let descriptors = child.split(separator: "\n").filter { $0.contains(" -> ") }
            #expect(descriptors.count == 4, "\(child)")
            #expect(!child.contains("anon_inode") && descriptors.count { $0.contains("socket:") } <= 2, "\(child)")
        }
    }
}
