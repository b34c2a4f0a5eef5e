import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// Successors that do not do their part: what the kernel still has is not lost, and nothing stays behind in the store.
    @Suite struct HandOverAccidents {
        private static let program = "/run/successor"
        private func install() async throws -> Server {
            let machine = try await Machine.shared
            try await machine.check("ln", "-sfn", "/usr/local/bin/app", Self.program)
            return try await Server.install(.app(), in: machine, dropIns: [.command(Self.program)])
        }

        private func connect(_ count: Int, to server: Server) async throws -> [Connection] {
            let connections = try await Connection.open(count, to: server.units.port, in: server.machine)
            for connection in connections { #expect(try await connection.get("/")?.status == 200) }
            return connections
        }

        @Test(.timeLimit(.minutes(1)))
        func oneThatDiesBeforeItTakesThemLeavesThemToTheNext() async throws {
            let server = try await install()
            let connections = try await connect(300, to: server)
            // The directory outlives the process.
            let mark = "$RUNTIME_DIRECTORY/died"
            try await server.machine.deploy(
                "[ -e \(mark) ] || { touch \(mark); kill -KILL $$; }; exec /usr/local/bin/app",
                as: Self.program
            )
            _ = try await server.machine.run("systemctl", "restart", server.service)
            try await server.wait(for: "ActiveState", toBe: "active")
            let pid = try await server.mainPID()
            for connection in connections { #expect(try await connection.get("/")?.pid == pid) }
            try await server.waitForProperty("NFileDescriptorStore") { $0 == "0" }
        }

        /// It answers nobody, and leaves the carrier where it is.
        @Test(.timeLimit(.minutes(1)))
        func oneThatKnowsNoCarriersLeavesThemToTheNext() async throws {
            let server = try await install()
            let connections = try await connect(300, to: server)
            try await server.machine.deploy("exec /usr/local/bin/speaker ready hang", as: Self.program)
            try await server.systemctl("restart")
            #expect(try await server.property("NFileDescriptorStore") == "1")
            for connection in connections { try await connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
            try await server.machine.check("ln", "-sfn", "/usr/local/bin/app", Self.program)
            try await server.systemctl("restart")
            let pid = try await server.mainPID()
            for connection in connections { #expect(try await connection.reply()?.pid == pid) }
            try await server.waitForProperty("NFileDescriptorStore") { $0 == "0" }
        }

        /// Killed at any moment of the taking over: a connection is either closed with the process that had it, or answered.
        @Test(.timeLimit(.minutes(2)))
        func oneThatDiesWhileItTakesThemTakesOnlyThoseWithIt() async throws {
            let server = try await install()
            for delay in ["0", "0.005", "0.01", "0.02", "0.04"] {
                let connections = try await connect(1000, to: server)
                try await server.machine.check(
                    "sh",
                    "-c",
                    "systemctl restart app.service && sleep \(delay) && systemctl kill -s KILL --kill-whom=main app.service"
                )
                var (answered, closed) = (0, 0)
                for connection in connections {
                    do {
                        if let reply = try await connection.get("/") {
                            #expect(reply.status == 200)
                            answered += 1
                        } else {
                            closed += 1
                        }
                    } catch ConnectionError.reset { closed += 1 }
                }
                print("killed \(delay) s after READY: \(answered) answered, \(closed) closed")
                #expect(answered + closed == 1000)
                try await server.waitForProperty("NFileDescriptorStore") { $0 == "0" }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func restartsInARowLoseNone() async throws {
            let server = try await install()
            let connections = try await connect(1000, to: server)
            let mark = try await server.machine.markJournal()
            for _ in 0..<10 { try await server.systemctl("restart") }
            let pid = try await server.mainPID()
            let journal = try await server.journal(since: mark).map(\.message)
            var lost = 0
            for connection in connections where try await connection.get("/")?.pid != pid { lost += 1 }
            #expect(lost == 0, "\(journal)")
            try await server.waitForProperty("NFileDescriptorStore") { $0 == "0" }
        }

        @Test(.timeLimit(.minutes(1)))
        func thoseThatCloseOnTheirWayAreForgotten() async throws {
            let server = try await install()
            var gone = try await connect(200, to: server)
            let stay = try await connect(200, to: server)
            try await server.machine.deploy("exec /usr/local/bin/speaker ready hang", as: Self.program)
            try await server.systemctl("restart")
            for connection in gone.prefix(100) { connection.reset() }
            gone = []
            try await server.machine.check("ln", "-sfn", "/usr/local/bin/app", Self.program)
            try await server.systemctl("restart")
            let pid = try #require(try await server.mainPID())
            for connection in stay { #expect(try await connection.get("/")?.pid == pid) }
            try await server.machine.waitUntil {
                let sockets = try await server.machine.check("ss", "-Htnp", "sport = :8080")
                return sockets.split(separator: "\n").count { $0.contains("pid=\(pid),") } == 200
            }
            try await server.waitForProperty("NFileDescriptorStore") { $0 == "0" }
        }
    }
}
