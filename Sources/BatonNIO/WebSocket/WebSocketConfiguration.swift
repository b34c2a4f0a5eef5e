/// How WebSocket connections are served, and how they end.
public struct WebSocketConfiguration: Sendable {
    /// How long a client has to answer a Close frame. Then the connection is closed, and if it was the drain that sent the Close, the
    /// log says so. It should be below the drain's timeout: a drain that ends before cuts the connection.
    public var closeTimeout = Duration.seconds(5)

    /// What the Close frame with code 1001 of a drain gives as the reason: 123 bytes of UTF-8 at most, the rest is not sent.
    public var goingAwayReason = "the server stops or restarts"

    /// The largest frame that is received, in bytes. A larger one ends the connection with code 1009.
    public var maxFrameSize = 1 << 20

    /// The largest message that is received, in bytes, in however many frames. A larger one ends the connection with code 1009.
    public var maxMessageSize = 1 << 20

    /// The defaults.
    public init() {}

    /// What the decoder is to take: it does not look at the message that is in a single frame, traps above 32 bits, and control frames
    /// have up to 125 bytes.
    var frameLimit: Int { min(maxFrameSize, max(maxMessageSize, 125), Int(UInt32.max)) }
}
