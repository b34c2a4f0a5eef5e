import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// Restarts for long, under clients of all kinds: nothing fails, and nothing piles up.
    @Suite(.enabled(if: !Thoroughness.isSystemdOnly)) struct Soak {
        /// What would grow if something was forgotten.
        private struct Holdings: CustomStringConvertible {
            /// Of the service's cgroup.
            let processes: Int
            /// Of PID 1.
            let descriptors: Int
            /// Of PID 1, in kB.
            let memory: Int
            /// Of the process that serves, with its children.
            let serverDescriptors: Int
            /// As systemd counts it, in kB.
            let serverMemory: Int
            let stored: String
            let scopes: Int

            init(of server: Server) async throws {
                let machine = server.machine
                func number(_ script: String) async throws -> Int {
                    Int(try await machine.check("sh", "-c", script)) ?? -1
                }
                processes = try await machine.processes(of: server.service).count
                descriptors = try await number("ls /proc/1/fd | wc -l")
                func anonymousMemory(of pid: Int32) async throws -> Int {
                    try await number("sed -n 's/^RssAnon:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/\(pid)/status")
                }
                memory = try await anonymousMemory(of: 1)
                let main = try await server.mainPID() ?? 0
                serverDescriptors = try await number("ls /proc/\(main)/fd | wc -l")
                serverMemory = try await anonymousMemory(of: main)
                stored = try await server.property("NFileDescriptorStore")
                scopes = try await machine.scopes("app-drain-*.scope").count
            }

            var description: String {
                "\(processes) processes, \(stored) stored, \(scopes) scopes, PID 1: \(descriptors) descriptors, \(memory) kB; "
                    + "main process: \(serverDescriptors) descriptors, \(serverMemory) kB"
            }
        }

        /// Waits until nothing is left of the generations before, but these processes.
        private func settle(_ server: Server, processes: Int) async throws {
            let machine = server.machine
            try await machine.waitUntil { try await machine.scopes("app-drain-*.scope").isEmpty }
            try await machine.waitUntil { try await machine.processes(of: server.service).count == processes }
        }

        private func soak(_ server: Server, processes: Int, restart: String) async throws {
            let seconds = Thoroughness.isLong ? 900 : Thoroughness.isUnattended ? 90 : 20
            let restarts = seconds / 2
            let load = [
                "--connections", "24", "--idle", "50", "--drip", "10", "--long-duration", "1", "--body-time", "0.3",
                "--rate", "50", "--restart", restart,
            ]
            // What is made once is there after some restarts.
            _ = try await server.machine.probe(server, load, restarts: 5, interval: 1, seconds: 60)
            try await settle(server, processes: processes)
            let before = try await Holdings(of: server)
            let (result, report) = try await server.machine.probe(
                server,
                load,
                restarts: restarts,
                interval: 2,
                seconds: seconds + 90
            )
            #expect(report.total.failed == 0, "\(result)")
            #expect(report.restarts.filter(\.succeeded).count == restarts, "\(result)")
            #expect(report.idle.total.survived == 50 * restarts, "\(report.idle.total)")
            try await settle(server, processes: processes)
            let after = try await Holdings(of: server)
            print("soak, \(restarts) times \(restart), \(report.total.issued) requests: \(before) | \(after)")
            #expect(after.stored == before.stored && after.scopes == before.scopes, "\(before) | \(after)")
            // A connection of systemctl's that is being closed is one more or less.
            #expect(abs(after.descriptors - before.descriptors) <= 3, "\(before) | \(after)")
            #expect(after.memory - before.memory < 2048, "\(before) | \(after)")
            #expect(after.serverMemory < before.serverMemory * 2 + 4096, "\(before) | \(after)")
        }

        @Test(.timeLimit(.minutes(20)))
        func restarts() async throws {
            let server = try await Server.install(.app(), in: try await Machine.shared)
            try await soak(server, processes: 1, restart: "systemctl restart \(server.service)")
        }

        @Test(.timeLimit(.minutes(20)))
        func reloadsOfASupervisor() async throws {
            let server = try await Server.install(.supervised(), in: try await Machine.shared)
            try await soak(server, processes: 2, restart: "systemctl reload \(server.service)")
        }
    }
}
