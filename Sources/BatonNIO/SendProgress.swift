package import NIOCore

/// For how long a client has taken nothing of what is being sent to it: what tells a slow one from one that has gone.
package struct SendProgress {
    private var left: Int
    private var since: NIODeadline

    /// Looks for the first time. To be called on the event loop.
    package init(_ context: ChannelHandlerContext) {
        (left, since) = (Self.left(context), context.eventLoop.now)
    }

    /// Looks again. To be called on the event loop.
    ///
    /// - Returns: How long it has been like this, as far as it has been looked at.
    package mutating func look(_ context: ChannelHandlerContext) -> TimeAmount {
        let now = Self.left(context)
        if now < left { since = context.eventLoop.now }
        left = now
        return context.eventLoop.now - since
    }

    private static func left(_ context: ChannelHandlerContext) -> Int {
        ConnectionSocket.unsent(context) + ConnectionSocket.inKernel(context)
    }
}
