/// What the connections of a server are at, for telling people, and for telling progress from a standstill.
public struct ConnectionCensus: Sendable, Hashable {
    /// Requests that are being received, or have been received and not been answered to the last byte. A connection of
    /// which nothing is known counts as one.
    public var requests: Int
    /// Connections without one.
    public var idle: Int
    /// A number that differs from that of an earlier census if since then bytes have moved on any connection, or one has
    /// come or gone. It says nothing else.
    public var activity: UInt64

    /// What one connection is at, as the handler of a protocol answers ``DrainEvent/census(answer:)``.
    ///
    /// - Parameters:
    ///   - requests: Its requests that have not been answered.
    ///   - idle: One, if it has none.
    ///   - activity: A number that changes whenever bytes have moved.
    public init(requests: Int = 0, idle: Int = 0, activity: UInt64 = 0) {
        self.requests = requests
        self.idle = idle
        self.activity = activity
    }

    static func + (left: Self, right: Self) -> Self {
        ConnectionCensus(
            requests: left.requests + right.requests,
            idle: left.idle + right.idle,
            activity: left.activity &+ right.activity
        )
    }
}
