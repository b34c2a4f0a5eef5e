import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// Connections that are more than requests: each ends as its protocol has it, and its client goes on with the next process.
    @Suite struct Streams {
        private func run(_ kind: String, clients: Int, restarts: Int) async throws -> CommandResult {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine)
            let mark = try await machine.markJournal()
            let command = "systemctl restart \(server.service)"
            let result = try await machine.run(
                "/usr/local/bin/stream-client",
                kind,
                "8080",
                "\(clients)",
                "\(restarts)",
                command,
                seconds: 110
            )
            let journal = try await server.journal(since: mark)
            #expect(!journal.contains { $0.message.contains("its deadline") }, "\(journal)")
            return result
        }

        @Test(.timeLimit(.minutes(3)))
        func everyWebSocketIsToldToGoAndIsOpenedAgain() async throws {
            let result = try await run("websocket", clients: 500, restarts: 3)
            #expect(result.status == 0, "\(result)")
            #expect(result.output.contains("closed=1500 of 1500"), "\(result)")
        }

        @Test(.timeLimit(.minutes(3)))
        func noEventIsMissedAndNoneComesTwice() async throws {
            let result = try await run("events", clients: 200, restarts: 20)
            #expect(result.status == 0, "\(result)")
            #expect(result.output.contains("closed=4000 of 4000"), "\(result)")
        }
    }
}
