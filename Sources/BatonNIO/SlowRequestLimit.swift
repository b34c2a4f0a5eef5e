import NIOCore

/// How long a drain waits for the rest of a request: some time from its beginning, or the drain's, and more for each byte that comes.
struct SlowRequestLimit {
    /// The least that a client has to send, as that of Apache's mod_reqtimeout.
    static let bytesPerSecond = 500

    private static let bytesInAYear = 365 * 86_400 * bytesPerSecond

    private let grace: TimeAmount
    private var received: (since: NIODeadline, bytes: Int)?

    init(grace: TimeAmount) {
        self.grace = grace
    }

    /// When the request should have come to its end; nil while none is waited for.
    var due: NIODeadline? {
        // A year is as good as any longer time, and can be added to.
        received.map {
            $0.since + grace + .milliseconds(Int64(min($0.bytes, Self.bytesInAYear) * 1000 / Self.bytesPerSecond))
        }
    }

    /// A request is waited for from now on.
    ///
    /// - Returns: When to look again; nil if it has been waited for before.
    mutating func begin(now: NIODeadline) -> NIODeadline? {
        guard received == nil else { return nil }
        received = (now, 0)
        return due
    }

    /// More of it has come.
    mutating func received(bytes: Int) { received?.bytes += bytes }

    /// It is complete, or nothing to wait for any more.
    mutating func end() { received = nil }
}
