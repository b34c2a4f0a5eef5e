import NIOCore

/// Sees the bytes of a connection before the HTTP decoder keeps them to itself.
///
/// It tells the ``HTTP1DrainHandler`` of its pipeline what arrives.
final class HTTP1BytesHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = NIOAny

    /// How long a client that takes nothing of it is waited for. A drain has its own deadline.
    private static let patience = TimeAmount.seconds(30)

    private var observer: HTTP1DrainHandler?
    private var isDropping = false
    private var isInputClosed = false

    init(observer: HTTP1DrainHandler) {
        self.observer = observer
    }

    /// From now on nothing is made of what arrives: SwiftNIO's decoder would keep all of it, without limit, and decode nothing.
    func dropTheRest() {
        isDropping = true
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDropping else { return }
        let bytes = unwrapInboundIn(data)
        observer?.received(bytes)
        context.fireChannelRead(data)
        observer?.decoded(bytes)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { isInputClosed = true }
        context.fireUserInboundEventTriggered(event)
    }

    /// Ends the output of a connection whose client has ended its side behind all that was written: SwiftNIO makes a full close of it,
    /// which drops what has not been sent.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output, isInputClosed, ConnectionSocket.unsent(context) > 0 else {
            context.close(mode: mode, promise: promise)
            return
        }
        SendProgress.waitUntilSent(context, patience: Self.patience) { context, isSent in
            if !isSent { context.triggerUserOutboundEvent(UnsentIsGivenUp(), promise: nil) }
            context.close(mode: isSent ? .output : .all, promise: promise)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        observer = nil
    }
}

@available(*, unavailable)
extension HTTP1BytesHandler: Sendable {}
