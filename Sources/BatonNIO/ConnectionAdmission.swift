/// Limits how many connections a server has open at a time; those beyond wait in the backlog.
///
/// Called from the accept thread and from others: it must be thread-safe, and quick.
public protocol ConnectionAdmission: Sendable {
    /// Whether one more connection may be accepted now.
    func mayAccept() -> Bool
    /// A connection has been accepted.
    func opened()
    /// A connection has closed. The server asks ``mayAccept()`` again.
    func closed()
}
