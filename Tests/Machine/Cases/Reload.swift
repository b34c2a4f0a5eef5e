import Foundation
import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// `systemctl reload` re-reads the configuration in the same process, and says when it could not.
    @Suite struct Reload {
        private static let file = "/run/app.json"

        private func configure(_ text: String, _ machine: Machine) throws {
            try text.write(toFile: machine.path(Self.file), atomically: true, encoding: .utf8)
        }

        private func install(_ dropIns: [DropIn] = []) async throws -> Server {
            let machine = try await Machine.shared
            try configure(#"{"greeting": "hello"}"#, machine)
            return try await Server.install(
                .app(),
                in: machine,
                dropIns: [.command("/usr/local/bin/app --config \(Self.file)")] + dropIns
            )
        }

        @Test(.timeLimit(.minutes(1)))
        func theCommandReturnsWhenItIsDoneAndFailsWhenItIsNot() async throws {
            let server = try await install()
            let machine = server.machine
            let pid = try await server.mainPID()
            for greeting in ["one", "two", "three"] {
                try configure(#"{"greeting": "\#(greeting)"}"#, machine)
                try await server.systemctl("reload")
                #expect(try await server.get("/").text.hasPrefix("\(greeting) "), "at once, not some time later")
            }
            #expect(try await server.property("StatusText") == "serving")

            let mark = try await machine.markJournal()
            try configure(#"{"greeting": "four", "logLevel": "loud"}"#, machine)
            let failed = try await machine.run("systemctl", "reload", server.service)
            #expect(failed.status != 0)
            #expect(try await server.get("/").text.hasPrefix("three "), "nothing has changed")
            #expect(try await server.property("ActiveState") == "active")
            #expect(try await server.property("SubState") == "running")
            #expect(try await server.property("StatusText").contains("reload failed: --config /run/app.json"))
            let journal = try await server.journal(since: mark)
            #expect(
                journal.contains { $0.message.hasPrefix("baton reload: --config /run/app.json: logLevel is 'loud'") }
            )

            try configure(#"{"greeting": "five"}"#, machine)
            try await server.systemctl("reload")
            #expect(try await server.get("/").text.hasPrefix("five "))
            #expect(try await server.property("StatusText") == "serving")
            #expect(try await server.mainPID() == pid)
        }

        @Test(.timeLimit(.minutes(1)))
        func asNotifyReloadItNeedsNoCommand() async throws {
            let machine = try await Machine.shared
            // 252 takes the type for Type=simple.
            guard machine.systemdVersion >= 254 else { return }
            let dropIn = try UnitPair.dropIn("systemd-254.conf")
            let server = try await install([.service(dropIn)])
            #expect(try await server.property("Type") == "notify-reload")
            #expect(try await server.property("FileDescriptorStorePreserve") == "yes")
            let pid = try await server.mainPID()
            for greeting in ["one", "two", "three"] {
                try configure(#"{"greeting": "\#(greeting)"}"#, machine)
                try await server.systemctl("reload")
                #expect(try await server.get("/").text.hasPrefix("\(greeting) "), "at once, not some time later")
            }
            try configure("{", machine)
            try await server.systemctl("reload")
            #expect(try await server.property("ActiveState") == "active")
            #expect(try await server.property("StatusText").contains("reload failed: --config /run/app.json"))
            #expect(try await server.get("/").text.hasPrefix("three "))
            #expect(try await server.mainPID() == pid)
        }

        @Test(.timeLimit(.minutes(2)))
        func underLoadNothingIsLost() async throws {
            let server = try await install()
            let mark = try await server.machine.markJournal()
            let (result, report) = try await server.machine.probe(
                server,
                ["--restart", "systemctl reload \(server.service)"],
                restarts: 10,
                interval: 0.3,
                seconds: 60
            )
            #expect(report.total.failed == 0, "\(result)")
            let said = try await server.journal(since: mark).map(\.message).filter { $0.contains("reload") }
            #expect(report.restarts.filter(\.succeeded).count == 10, "\(result)\n\(said.joined(separator: "\n"))")
        }
    }
}
