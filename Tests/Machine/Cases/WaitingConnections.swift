import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// What the kernel has accepted for us counts as accepted.
    @Suite struct WaitingConnections {
        @Test(.timeLimit(.minutes(1)))
        func fiveHundredRequestsInTheBacklogAreAnswered() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine)
            let old = try #require(try await server.mainPID())
            #expect(try await server.get("/").pid == old)

            // A stopped process accepts nothing. systemd sends CONT after TERM.
            try await server.kill("STOP")
            let connections = try await Connection.open(500, to: 8080, in: machine)
            for connection in connections { try await connection.send("GET / HTTP/1.1\r\nHost: machine\r\n\r\n") }
            try await machine.waitUntil { try await machine.listenQueue(port: 8080)?.waiting == 500 }
            try await server.systemctl("restart")

            let new = try #require(try await server.mainPID())
            #expect(new != old)
            var answers: [Int32?: Int] = [:]
            for connection in connections {
                let reply = try #require(try await connection.reply())
                #expect(reply.status == 200)
                answers[reply.pid, default: 0] += 1
            }
            #expect(answers[old, default: 0] + answers[new, default: 0] == 500, "\(answers)")
        }
    }
}
