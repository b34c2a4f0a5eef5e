import Synchronization

/// Tells whether a connection is still this process's, to whoever waits for its end.
final class ConnectionToken: Sendable {
    private let moved = Atomic(false)

    /// Whether another process has the connection: its end here means nothing.
    var isMoved: Bool { moved.load(ordering: .acquiring) }

    /// Another process has the connection.
    func move() {
        moved.store(true, ordering: .releasing)
    }
}
