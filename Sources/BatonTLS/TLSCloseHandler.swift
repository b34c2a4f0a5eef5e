import BatonNIO
import NIOCore
import NIOTLS

/// Makes every end of a connection under TLS an orderly one, here: it is not handed over. Its place is right behind the TLS handler.
///
/// A close is one of the output first, behind all that was written: `close_notify`, then FIN. The rest follows when the client has
/// answered, or has had the time to; a client that takes nothing of what is being sent is not waited for. Left to itself, NIOSSL drops at its
/// shutdown timeout what a slow client has not taken yet; and where half-closed connections are allowed, as here, it waits for that timeout
/// even if the client has answered.
final class TLSCloseHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long the client has to answer `close_notify`, from when it has been sent.
    private static let grace = TimeAmount.milliseconds(750)
    /// The time between two looks at what has not been sent.
    private static let interval = TimeAmount.milliseconds(250)

    private let transport: TLSTransportHandler
    private var isHandshakeComplete = false
    private var isInputClosed = false
    private var isCut = false
    private var isClosing = false
    private var promise: EventLoopPromise<Void>?
    private var timer: Scheduled<Void>?

    /// - Parameter transport: What is in front of the TLS handler.
    init(transport: TLSTransportHandler) {
        self.transport = transport
    }

    func handlerRemoved(context: ChannelHandlerContext) { finish() }

    func channelInactive(context: ChannelHandlerContext) {
        finish()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        // The state of TLS stays in this process: what is behind must not give the connection away.
        case DrainEvent.handOver: return
        case TLSUserEvent.handshakeCompleted: isHandshakeComplete = true
        case ChannelEvent.inputClosed: isInputClosed = true
        case DrainEvent.cut: isCut = true
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // Before the handshake is complete there is no output to close. If the client has closed its side, NIOSSL makes a full close of
        // one of the output, and drops what has not been sent.
        let dropsUnsent = isInputClosed && ConnectionSocket.unsent(context) > 0
        guard mode == .all || mode == .output && dropsUnsent, isHandshakeComplete, !isCut else {
            context.close(mode: mode, promise: promise)
            return
        }
        if let promise {
            if let first = self.promise { first.futureResult.cascade(to: promise) } else { self.promise = promise }
        }
        guard !isClosing else { return }
        isClosing = true
        if !dropsUnsent { context.close(mode: .output, promise: nil) }
        if context.channel.isActive { schedule(silentFor: .zero, SendProgress(context), context) }
    }

    /// A handler behind this one has waited for the client long enough.
    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is UnsentIsGivenUp else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        promise?.succeed()
        transport.close()
    }

    private func schedule(
        silentFor silence: TimeAmount,
        _ progress: SendProgress,
        _ context: ChannelHandlerContext
    ) {
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: Self.interval) {
            let (handler, context) = box.value
            let isSettled = ConnectionSocket.unsent(context) == 0 && !ConnectionSocket.hasUnread(context)
            let silence = isSettled ? silence + Self.interval : .zero
            var progress = progress
            let stalled = progress.look(context)
            if handler.isCut || isSettled && (handler.isInputClosed || silence > Self.grace) {
                let promise = handler.promise
                handler.promise = nil
                context.close(promise: promise)
            } else if !isSettled, stalled >= TLSTransportHandler.patience {
                handler.transport.close()
            } else {
                handler.schedule(silentFor: silence, progress, context)
            }
        }
    }

    private func finish() {
        timer?.cancel()
        timer = nil
        promise?.succeed()
        promise = nil
    }
}
