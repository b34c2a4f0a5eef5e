import Foundation
import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// The events of a server's life can be asked for by their numbers, and the journal explains them.
    @Suite struct LifeEvents {
        @Test(.timeLimit(.minutes(1)))
        func aRestartIsTold() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.app(), in: machine)
            try await machine.check("mkdir", "-p", "/usr/local/lib/systemd/catalog")
            try SourceTree.text("units/baton.catalog").write(
                toFile: machine.path("/usr/local/lib/systemd/catalog/baton.catalog"),
                atomically: true,
                encoding: .utf8
            )
            try await machine.check("journalctl", "--update-catalog")
            let idle = try await server.connect()
            #expect(try await idle.get("/")?.status == 200)
            let mark = try await machine.markJournal()
            try await server.systemctl("restart")
            #expect(try await idle.get("/")?.status == 200)
            try await machine.waitUntil {
                try await server.journal(since: mark).contains { $0.message.hasPrefix("connections taken over") }
            }
            // Not by the unit, which journald may not know of the last line of a process that has gone.
            let explained = try await machine.check(
                "journalctl",
                "--identifier=app",
                "--catalog",
                "--output=short",
                "--lines=40"
            )
            for subject in [
                "A drain has begun", "Connections have been given to the next process", "Every request was answered",
                "Connections are accepted", "Connections of the previous process are served here",
            ] {
                #expect(explained.contains("Subject: \(subject)"), "\(explained)")
            }
        }
    }
}
