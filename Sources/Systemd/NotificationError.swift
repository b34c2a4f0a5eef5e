/// A notification that systemd would ignore or misread, and what to do about it.
public struct NotificationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was wrong, its value, and what is allowed.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
