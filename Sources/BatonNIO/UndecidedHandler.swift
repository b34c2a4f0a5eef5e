package import NIOCore

/// Stands in for the protocol of a connection until it shows which one it is: by the first bytes, or by the TLS handshake.
///
/// Then it has the pipeline configured behind it, passes on what it has kept, and leaves. A drain that has begun by then is
/// told to the new handlers. A connection that stays undecided is closed when it has had its time; one that has sent nothing and
/// can be handed over becomes one of the protocol that can do it.
package final class UndecidedHandler<Choice: Sendable, Connection: Sendable>: ChannelInboundHandler,
    RemovableChannelHandler
{
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer

    /// How long it is waited for a sign.
    package struct Patience {
        /// While serving; nil is without limit.
        package var serving: TimeAmount?
        /// In a drain, for a client that has sent nothing.
        package var linger: TimeAmount
        /// In a drain, for the rest of what has begun.
        package var grace: TimeAmount

        package init(serving: TimeAmount?, linger: TimeAmount, grace: TimeAmount) {
            (self.serving, self.linger, self.grace) = (serving, linger, grace)
        }
    }

    /// How a connection shows what it speaks.
    package struct Signs {
        /// Whether the client has sent something that is not seen here.
        package var hasBegun: () -> Bool
        /// The choice by all bytes that have come so far; nil if it takes more.
        package var bytes: (ByteBuffer) -> Choice?
        /// The choice by an inbound user event; nil if it says nothing.
        package var event: (Any) -> Choice?
        /// The choice when the client will send nothing more, or is to be handed over; nil if there is none.
        package var end: Choice?
        /// What the connection waits for, for the report.
        package var waitsFor: String

        package init(
            hasBegun: @escaping () -> Bool = { false },
            bytes: @escaping (ByteBuffer) -> Choice?,
            event: @escaping (Any) -> Choice?,
            end: Choice?,
            waitsFor: String
        ) {
            self.hasBegun = hasBegun
            self.bytes = bytes
            self.event = event
            self.end = end
            self.waitsFor = waitsFor
        }
    }

    private let patience: Patience
    private let signs: Signs
    private let configure: (Choice) -> EventLoopFuture<Connection>
    private let promise: EventLoopPromise<Connection>
    private var kept: ByteBuffer?
    private var isDecided = false
    private var isDraining = false
    private var timer: Scheduled<Void>?
    private let accepted = NIODeadline.now()

    /// - Parameters:
    ///   - patience: How long it is waited for a sign.
    ///   - signs: How the connection shows what it speaks.
    ///   - promise: Takes what was configured, or the reason why nothing was.
    ///   - configure: Adds the handlers of the protocol at the end of the pipeline, at once.
    package init(
        patience: Patience,
        signs: Signs,
        promise: EventLoopPromise<Connection>,
        configure: @escaping (Choice) -> EventLoopFuture<Connection>
    ) {
        self.patience = patience
        self.signs = signs
        self.promise = promise
        self.configure = configure
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        guard let limit = patience.serving else { return }
        wait(for: limit, context) { [self] context in
            if !isDecided { context.close(promise: nil) }
        }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        if !isDecided { promise.fail(ChannelError.eof) }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        if !isDecided {
            isDecided = true
            promise.fail(ChannelError.eof)
        }
        context.fireChannelInactive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if isDecided {
            context.fireChannelRead(data)
            return
        }
        if var kept {
            kept.writeBuffer(&bytes)
            bytes = kept
        }
        kept = bytes
        if let choice = signs.bytes(bytes) { decide(choice, context) }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isDecided {
            context.fireErrorCaught(error)
        } else {
            // Nobody else is there to hear of it.
            isDecided = true
            promise.fail(error)
            context.close(promise: nil)
        }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if isDecided {
            context.fireUserInboundEventTriggered(event)
            return
        }
        switch event {
        case DrainEvent.handOver:
            // The successor looks at the first bytes again.
            if kept == nil, let end = signs.end { decide(end, context, by: event) }
        case DrainEvent.began:
            begin(context)
        case DrainEvent.census(let answer):
            let isBusy = (kept?.readableBytes ?? 0) > 0 || ConnectionSocket.hasUnread(context)
            answer(
                ConnectionCensus(
                    requests: isBusy ? 1 : 0,
                    idle: isBusy ? 0 : 1,
                    activity: UInt64(kept?.readableBytes ?? 0)
                )
            )
        case DrainEvent.cut(let report):
            let age = (NIODeadline.now() - accepted).nanoseconds / 1_000_000
            let peer = PeerName(context.channel.remoteAddress)
            report("\(peer), open for \(age) ms: no request, waiting for \(signs.waitsFor)")
        case ChannelEvent.inputClosed:
            guard let end = signs.end else {
                context.close(promise: nil)
                return
            }
            decide(end, context, by: event)
        default:
            if let choice = signs.event(event) {
                decide(choice, context, by: event)
            } else {
                context.fireUserInboundEventTriggered(event)
            }
        }
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard !isDraining else { return }
        isDraining = true
        let end = context.eventLoop.now + max(patience.linger, patience.grace)
        close(in: patience.linger, graceUntil: end, context)
    }

    private func close(in time: TimeAmount, graceUntil end: NIODeadline, _ context: ChannelHandlerContext) {
        wait(for: time, context) { [self] context in
            guard !isDecided else { return }
            let hasBegun = kept != nil || signs.hasBegun()
            if ConnectionSocket.hasUnread(context) || hasBegun && context.eventLoop.now < end {
                // What has arrived by now may be what it waits for: closing would be a reset, too.
                close(in: max(patience.linger, .milliseconds(10)), graceUntil: end, context)
            } else {
                context.close(promise: nil)
            }
        }
    }

    private func wait(
        for time: TimeAmount,
        _ context: ChannelHandlerContext,
        then act: @escaping (ChannelHandlerContext) -> Void
    ) {
        timer?.cancel()
        let box = NIOLoopBound((act, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: time) { box.value.0(box.value.1) }
    }

    private func decide(_ choice: Choice, _ context: ChannelHandlerContext, by event: Any? = nil) {
        isDecided = true
        timer?.cancel()
        configure(choice).cascade(to: promise)
        if isDraining { context.fireUserInboundEventTriggered(DrainEvent.began) }
        if let kept {
            self.kept = nil
            context.fireChannelRead(wrapInboundOut(kept))
        }
        if let event { context.fireUserInboundEventTriggered(event) }
        // Not before: a handler that has left reaches nobody.
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}

@available(*, unavailable)
extension UndecidedHandler: Sendable {}
