import Foundation
import SystemdTestKit

/// Runs `journal-writer` in the machine, as a service whose standard error is the journal.
struct JournalWriting: Sendable {
    let machine: Machine
    private let cursor: Substring

    private static let identifier = "SYSLOG_IDENTIFIER=journal-writer"
    private static let output = "/run/journal-writer.out"

    init(in machine: Machine) async throws {
        self.machine = machine
        // With a match, journalctl leaves out the first entry after a cursor. So: from this one on, which does not match.
        try await machine.check("systemd-cat", "--identifier=mark", "echo", "mark")
        try await machine.check("journalctl", "--sync")
        let end = try await machine.check("journalctl", "--lines=0", "--show-cursor", "--quiet")
        guard let cursor = end.split(separator: " ").last else { throw MachineError("no cursor: \(end)") }
        self.cursor = cursor
    }

    /// Runs a command line in a service of its own, in a shell, and waits for its end.
    ///
    /// - Returns: What it wrote to standard output.
    func run(_ line: String, properties: [String] = [], seconds: Int = 60) async throws -> String {
        let settings =
            properties + [
                // Not 0, which 252 does not pass on to journald.
                "LogRateLimitIntervalSec=1s", "LogRateLimitBurst=1000000", "StandardOutput=truncate:\(Self.output)",
                "StandardError=journal",
                "SyslogIdentifier=journal-writer",
            ]
        let command = ["systemd-run", "--quiet", "--wait", "--collect"] + settings.map { "--property=\($0)" }
        let result = try await machine.run(command + ["/bin/sh", "-c", line], seconds: seconds)
        guard result.status == 0 else { throw MachineError("\(line): \(result)") }
        return try await machine.check("cat", Self.output)
    }

    /// The messages since this was made, in the journal's order.
    func messages() async throws -> [Substring] {
        try await entries("cat", []).split(separator: "\n")
    }

    /// The entries since this was made, with all their fields.
    func entries(_ matches: String...) async throws -> [FieldsOfEntry] {
        try await entries("json", matches).split(separator: "\n").map { try FieldsOfEntry(json: Data($0.utf8)) }
    }

    private func entries(_ format: String, _ matches: [String]) async throws -> String {
        try await machine.check("journalctl", "--sync")
        let command = ["journalctl", "--cursor=\(cursor)", "-o", format, "--all", "--quiet", Self.identifier]
        let result = try await machine.run(command + matches)
        guard result.status == 0 else { throw MachineError("\(command + matches): \(result)") }
        return result.output
    }
}

/// What `journal-writer load` and `burst` have done, and what of it is in the journal.
struct JournalCount: CustomStringConvertible {
    /// How many lines were logged.
    let logged: Int
    /// How long the longest call took.
    let worst: Duration
    /// For how long the machine has kept a thread that only waits from running.
    let oversleep: Duration
    /// How many lines have arrived.
    private(set) var arrived = 0
    /// How many are reported as lost.
    private(set) var lost = 0
    /// Whether each thread's lines are in order, and none is there twice.
    private(set) var isInOrder = true

    init(_ output: String, messages: [Substring]) throws {
        // logged 1000 worst 12 oversleep 3
        let words = output.split(whereSeparator: \.isWhitespace)
        guard words.count == 6 || words.count == 2, words[0] == "logged", let logged = Int(words[1]) else {
            throw MachineError("journal-writer wrote: \(output)")
        }
        self.logged = logged
        worst = .microseconds(words.count == 6 ? Int(words[3]) ?? .max : 0)
        oversleep = .microseconds(words.count == 6 ? Int(words[5]) ?? 0 : 0)
        var last: [Substring: Int] = [:]
        for message in messages {
            let words = message.split(separator: " ", maxSplits: 2)
            guard words.count >= 2 else { throw MachineError("the journal has: \(message)") }
            if let number = Int(words[1]) {
                arrived += 1
                if number <= last[words[0], default: -1] { isInOrder = false }
                last[words[0]] = number
            } else if message.contains(" lost: "), let count = Int(words[0]) {
                lost += count
            } else {
                throw MachineError("the journal has: \(message)")
            }
        }
    }

    var description: String {
        "logged \(logged), arrived \(arrived), lost \(lost), the longest call \(worst), a thread that waits overslept \(oversleep)"
    }
}

/// All fields of an entry, byte by byte.
struct FieldsOfEntry {
    private let values: [String: [[UInt8]]]

    init(json: Data) throws {
        guard let object = try JSONSerialization.jsonObject(with: json) as? [String: Any] else {
            throw MachineError("journalctl wrote what is no entry: \(String(decoding: json, as: UTF8.self))")
        }
        values = object.mapValues { value in
            // A field is text; or, if it is not printable, numbers; or, if there are several of its name, a list of these.
            if let one = Self.bytes(value) { return [one] }
            return (value as? [Any])?.compactMap(Self.bytes) ?? []
        }
    }

    private static func bytes(_ value: Any) -> [UInt8]? {
        (value as? String).map { Array($0.utf8) } ?? (value as? [UInt8])
    }

    /// The values of a field, sorted: the journal has no order of them.
    subscript(name: String) -> [String] {
        raw(name).map { String(decoding: $0, as: UTF8.self) }.sorted()
    }

    func raw(_ name: String) -> [[UInt8]] {
        values[name] ?? []
    }
}

extension Machine {
    /// Runs `work` with a journald that is stopped, and lets it go on whatever happens.
    func withStoppedJournal<Result>(_ work: () async throws -> Result) async throws -> Result {
        let journald = "systemd-journald.service"
        try await check("systemctl", "kill", "--signal=STOP", journald)
        do {
            let result = try await work()
            try await check("systemctl", "kill", "--signal=CONT", journald)
            return result
        } catch {
            _ = try await run("systemctl", "kill", "--signal=CONT", journald)
            throw error
        }
    }
}
