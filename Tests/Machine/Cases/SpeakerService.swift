import Foundation
import MachineKit
import SystemdTestKit

/// An installed `speaker`: a program that says what it was passed, and does what its arguments say.
struct SpeakerService {
    let server: Server
    let mark: JournalMark
    var machine: Machine { server.machine }

    /// Installs it as `speaker.service`.
    ///
    /// - Parameters:
    ///   - command: The value of `ExecStart=`.
    ///   - settings: More lines for the section `[Service]`, of which the last of a name counts.
    ///   - socket: The section `[Socket]` of `speaker.socket`; nil for none.
    ///   - start: Whether to start it now.
    static func install(
        command: String,
        settings: String = "",
        socket: String? = nil,
        isTemplate: Bool = false,
        start: Bool = true
    ) async throws -> SpeakerService {
        let machine = try await Machine.shared
        let service = """
            [Unit]
            StartLimitIntervalSec=0
            [Service]
            Type=notify
            ExecStart=\(command)
            \(settings)
            """
        let units = UnitPair(
            name: "speaker",
            socket: socket.map { "[Socket]\nTriggerLimitIntervalSec=0\n\($0)\n" },
            service: service,
            isTemplate: isTemplate
        )
        let mark = try await machine.markJournal()
        // One that is killed first, and stopped in the pause before its restart, would leave its store to this one.
        if try await machine.check("systemctl", "show", "-P", "SubState", "speaker.service") == "running" {
            try await machine.check("systemctl", "stop", "speaker.service")
        }
        let server = try await Server.install(units, in: machine, start: start)
        return SpeakerService(server: server, mark: mark)
    }

    /// Installs it with these words as its arguments.
    static func install(
        _ words: String...,
        settings: String = "",
        socket: String? = nil,
        isTemplate: Bool = false,
        start: Bool = true
    ) async throws -> SpeakerService {
        try await install(
            command: command(words),
            settings: settings,
            socket: socket,
            isTemplate: isTemplate,
            start: start
        )
    }

    /// Gives the next start other words.
    func change(_ words: String...) async throws { try await change(words) }

    /// Gives the next start other words.
    func change(_ words: [String]) async throws {
        let folder = machine.path("/run/systemd/system/speaker.service.d")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try "[Service]\nExecStart=\nExecStart=\(Self.command(words))\n"
            .write(toFile: "\(folder)/words.conf", atomically: true, encoding: .utf8)
        try await machine.check("systemctl", "daemon-reload")
    }

    /// What `ExecStart=` has to be for these words.
    private static func command(_ words: [String]) -> String {
        let quoted = words.map { word in
            let text = word.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
                .replacingOccurrences(of: "%", with: "%%").replacingOccurrences(of: "$", with: "$$")
            return "\"\(text)\""
        }
        return "/usr/local/bin/speaker \(quoted.joined(separator: " "))"
    }

    /// The lines that it has written, not those of systemd about it.
    func said() async throws -> [String] {
        try await server.journal(since: mark).filter { $0.fields["_TRANSPORT"] == "stdout" }.map(\.message)
    }

    /// The lines of systemd about it.
    func systemdSaid() async throws -> [String] {
        try await server.journal(since: mark).filter { $0.pid == 1 }.map(\.message)
    }

    /// A property of the service: `systemctl show -P NAME`.
    func property(_ name: String) async throws -> String { try await server.property(name) }

    /// Tells it to go on behind `wait=USR1`.
    func goOn() async throws { try await server.kill("USR1") }
}
