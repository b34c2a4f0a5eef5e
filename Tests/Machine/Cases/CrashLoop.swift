import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// Default limits would close the socket of a service that dies at once, until an administrator acts.
    @Suite struct CrashLoop {
        @Test(.timeLimit(.minutes(1)), arguments: ["/bin/false", "/bin/true"])
        func theSocketSurvivesAndTheRepairHelps(command: String) async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine, dropIns: [.command(command)], start: false)
            let mark = try await machine.markJournal()
            let start = ContinuousClock.now
            let before = try await processorTime(machine)
            let waiting = try await Connection.open(to: 8080, in: machine)
            try await waiting.send("GET / HTTP/1.1\r\nHost: machine\r\n\r\n")

            // Three times the default limit of 5 starts in 10 s.
            var restarts = 0
            var others: [Connection] = []
            while restarts < 15 {
                // Throws if it is refused.
                others.append(try await Connection.open(to: 8080, in: machine))
                // Not a wait: these clients come ten times a second.
                try await Task.sleep(for: .milliseconds(100))
                restarts = try #require(Int(try await server.property("NRestarts")))
            }

            let took = ContinuousClock.now - start
            #expect(.seconds(try await processorTime(machine) - before) < took / 2, "PID 1 has been spinning")
            let pauses = try pauses(in: try await server.journal(since: mark))
            #expect(pauses.count >= 14)
            #expect(pauses.allSatisfy { $0 >= 0.1 }, "RestartSec=100ms is the brake: \(pauses)")
            #expect(try await machine.run("systemctl", "is-active", server.socket).output == "active\n")

            try await server.removeDropIns()
            let reply = try #require(try await waiting.reply(), "the request that waited all the time")
            #expect(reply.status == 200)
            #expect(try await server.get("/").status == 200)
        }

        /// The seconds from each restart to the next one.
        ///
        /// From a failure to its restart it can be a little less than `RestartSec=`: newer systemd counts from when its event loop woke
        /// up, and tells of the failure after that.
        private func pauses(in journal: [JournalEntry]) throws -> [Double] {
            let restarts = try journal.filter { $0.pid == 1 && $0.message.contains("Scheduled restart job") }.map {
                try #require($0.fields["_SOURCE_REALTIME_TIMESTAMP"].flatMap { Double($0) }) / 1e6
            }
            return zip(restarts, restarts.dropFirst()).map { $1 - $0 }
        }

        /// The seconds of processor time that PID 1 has used.
        private func processorTime(_ machine: Machine) async throws -> Double {
            let fields = try await machine.check("cut", "-d)", "-f2", "/proc/1/stat").split(separator: " ")
            let ticks = try await machine.check("getconf", "CLK_TCK")
            // utime and stime are fields 14 and 15 of proc(5); the first here is field 3.
            let used = try #require(Double(fields[11])) + #require(Double(fields[12]))
            return used / (try #require(Double(ticks)))
        }
    }
}
