internal import Foundation

/// One entry of the machine's journal.
public struct JournalEntry: Sendable, CustomStringConvertible {
    /// The fields that are text, by name.
    public let fields: [String: String]

    /// The field `MESSAGE`.
    public var message: String { fields["MESSAGE"] ?? "" }
    /// The process that wrote it.
    public var pid: Int32? { fields["_PID"].flatMap { Int32($0) } }
    /// The syslog level, 0 (emergency) to 7 (debug).
    public var priority: Int? { fields["PRIORITY"].flatMap { Int($0) } }

    /// The message, for a failed expectation.
    public var description: String { "[\(fields["_PID"] ?? "?")] \(message)" }

    init(_ json: Data) throws {
        guard let object = try JSONSerialization.jsonObject(with: json) as? [String: Any] else {
            throw MachineError("journalctl wrote what is no entry: \(String(decoding: json, as: UTF8.self))")
        }
        // A value that is not UTF-8 is an array of numbers.
        fields = object.compactMapValues { value in
            (value as? String) ?? (value as? [UInt8]).map { String(decoding: $0, as: UTF8.self) }
        }
    }
}

/// A place in the journal.
public struct JournalMark: Sendable {
    let cursor: String
}

extension Machine {
    /// The end of the journal now.
    public func markJournal() async throws -> JournalMark {
        // An entry of our own, that belongs to no unit: journalctl(1) with --after-cursor= and a match leaves out the first
        // entry that matches, so reading begins *with* this one, which the match leaves out.
        try await check("systemd-cat", "--identifier=journal-mark", "echo", "mark")
        try await check("journalctl", "--sync")
        let output = try await check("journalctl", "-t", "journal-mark", "-n", "1", "--show-cursor", "-q")
        guard let cursor = output.split(whereSeparator: \.isWhitespace).last else {
            throw MachineError("journalctl shows no cursor: \(output)")
        }
        return JournalMark(cursor: String(cursor))
    }

    /// What a unit, or systemd about it, has written since then.
    public func journal(of unit: String, since mark: JournalMark) async throws -> [JournalEntry] {
        try await check("journalctl", "--sync")
        return try await check("journalctl", "-u", unit, "--cursor=\(mark.cursor)", "-o", "json", "--all", "-q")
            .split(separator: "\n").map { try JournalEntry(Data($0.utf8)) }
    }

    /// What has been written since then with this field, as in `MESSAGE_ID=…`, whoever wrote it.
    package func journal(matching field: String, since mark: JournalMark) async throws -> [JournalEntry] {
        try await check("journalctl", "--sync")
        return try await check("journalctl", field, "--cursor=\(mark.cursor)", "-o", "json", "--all", "-q")
            .split(separator: "\n").map { try JournalEntry(Data($0.utf8)) }
    }
}

extension Server {
    /// What the service, or systemd about it, has written since then.
    public func journal(since mark: JournalMark) async throws -> [JournalEntry] {
        try await machine.journal(of: service, since: mark)
    }
}
