/// The kind of an event, as the journal has it: its field `MESSAGE_ID`, by which `journalctl` finds and explains an entry
/// (systemd.journal-fields(7), and the Journal Message Catalog).
///
/// As a value of a log line's metadata it becomes that field, whatever its key is; lines that go elsewhere are without it.
public struct JournalMessageID: Sendable, Hashable, CustomStringConvertible {
    /// The digits, as they were given.
    public let description: String

    /// - Parameter digits: 32 hexadecimal digits, as `systemd-id128 new` makes them.
    public init(_ digits: String) {
        description = digits
    }
}
