package import NIOCore

/// For how long a client has taken nothing of what is being sent to it: what tells a slow one from one that has gone.
package struct SendProgress {
    /// The time between two looks.
    private static let interval = TimeAmount.milliseconds(100)

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

    /// Waits until everything has left the process. To be called on the event loop.
    ///
    /// - Parameters:
    ///   - patience: How long a client that takes nothing of it is waited for.
    ///   - isOver: Whether it is not waited for any more.
    ///   - act: Called once, on the event loop; with false if the client has taken nothing for so long.
    package static func waitUntilSent(
        _ context: ChannelHandlerContext,
        patience: TimeAmount,
        isOver: @escaping () -> Bool = { false },
        then act: @escaping (ChannelHandlerContext, Bool) -> Void
    ) {
        SendProgress(context).wait(context, patience, isOver, act)
    }

    private func wait(
        _ context: ChannelHandlerContext,
        _ patience: TimeAmount,
        _ isOver: @escaping () -> Bool,
        _ act: @escaping (ChannelHandlerContext, Bool) -> Void
    ) {
        let box = NIOLoopBound((context, isOver, act), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.interval) {
            let (context, isOver, act) = box.value
            var progress = self
            if isOver() || ConnectionSocket.unsent(context) == 0 {
                act(context, true)
            } else if progress.look(context) >= patience {
                act(context, false)
            } else {
                progress.wait(context, patience, isOver, act)
            }
        }
    }

    private static func left(_ context: ChannelHandlerContext) -> Int {
        ConnectionSocket.unsent(context) + ConnectionSocket.inKernel(context)
    }
}
