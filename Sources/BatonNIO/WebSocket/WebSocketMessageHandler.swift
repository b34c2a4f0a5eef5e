import NIOCore
import NIOWebSocket
import Systemd

/// Makes messages of frames that a `NIOWebSocketFrameAggregator` in front of it has put together, for a task to read.
final class WebSocketMessageHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    /// Tells the handler that messages have been read.
    final class Delegate: NIOAsyncSequenceProducerDelegate {
        let loop: any EventLoop
        /// Somebody has begun to read messages.
        private let isRead = Locked(false)
        let handler = Locked<NIOLoopBound<WebSocketMessageHandler>?>(nil)

        init(loop: any EventLoop) { self.loop = loop }

        func noteReader() { isRead.withLock { $0 = true } }
        var hasReader: Bool { isRead.withLock { $0 } }

        func produceMore() { resume() }
        func didTerminate() { resume() }

        private func resume() {
            loop.execute { self.handler.withLock { $0 }?.value.resume() }
        }
    }

    private let source: WebSocketMessages.Producer.Source
    private let delegate: Delegate
    private var context: ChannelHandlerContext?
    /// Nothing is read until it does.
    private var isPaused = false
    private var isReadWanted = false
    private var isFinished = false
    /// The task does not keep up.
    private var isBehind = false
    /// The server stops: of a client whose messages nobody reads, its Close is what counts.
    private var isDraining = false

    private init(_ source: WebSocketMessages.Producer.Source, _ delegate: Delegate) {
        self.source = source
        self.delegate = delegate
    }

    /// The handler, and what a task reads from. To be called on the event loop.
    static func make(on loop: any EventLoop) -> (handler: WebSocketMessageHandler, messages: WebSocketMessages) {
        let delegate = Delegate(loop: loop)
        let made = WebSocketMessages.Producer.makeSequence(
            backPressureStrategy: .init(lowWatermark: 2, highWatermark: 10),
            finishOnDeinit: false,
            delegate: delegate
        )
        let handler = WebSocketMessageHandler(made.source, delegate)
        delegate.handler.withLock { $0 = NIOLoopBound(handler, eventLoop: loop) }
        return (handler, WebSocketMessages(producer: made.sequence, delegate: delegate))
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        finish(ChannelError.eof)
        self.context = nil
        delegate.handler.withLock { $0 = nil }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .text:
            guard let text = String(validating: frame.unmaskedData.readableBytesView, as: UTF8.self) else {
                return fail(.dataInconsistentWithMessage, "the text is not UTF-8", context)
            }
            yield(.text(text))
        case .binary:
            yield(.binary(frame.unmaskedData))
        case .connectionClose:
            finish(nil)
        default:
            break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error as? NIOWebSocketFrameAggregator.Error {
        case .tooManyFragments, .accumulatedFrameSizeIsTooLarge:
            fail(.messageTooLarge, "the message is too large", context)
        case .nonFinalFragmentSizeIsTooSmall, .receivedNewFrameWithoutFinishingPrevious,
            .didReceiveFragmentBeforeReceivingTextOrBinaryFrame:
            fail(.protocolError, "the fragments are no message", context)
        case nil:
            context.fireErrorCaught(error)
        }
    }

    func read(context: ChannelHandlerContext) {
        if isPaused { isReadWanted = true } else { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        if case DrainEvent.began = event {
            isDraining = true
            if isUnread { resume() }
        }
    }

    /// Writes a frame of the task.
    func write(_ frame: WebSocketFrame) -> EventLoopFuture<Void> {
        guard let context else { return delegate.loop.makeFailedFuture(ChannelError.ioOnClosedChannel) }
        return context.writeAndFlush(wrapOutboundOut(frame))
    }

    private func yield(_ message: WebSocket.Message) {
        guard !isFinished else { return }
        if isUnread, isBehind {
            // A reader that comes late finds an error behind the last message, and none missing before it.
            finish(ChannelError.inputClosed)
            return
        }
        isBehind = source.yield(contentsOf: CollectionOfOne(message)) == .stopProducing
        isPaused = isBehind && !isUnread
    }

    private var isUnread: Bool { isDraining && !delegate.hasReader }

    private func resume() {
        isPaused = false
        guard isReadWanted else { return }
        isReadWanted = false
        context?.read()
    }

    private func finish(_ error: (any Error)?) {
        guard !isFinished else { return }
        isFinished = true
        if let error { source.finish(error) } else { source.finish() }
        resume()
    }

    private func fail(_ code: WebSocketErrorCode, _ reason: String, _ context: ChannelHandlerContext) {
        let frame = WebSocketFrame(
            fin: true,
            opcode: .connectionClose,
            data: WebSocketClose(code, reason).payload
        )
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        finish(ChannelError.eof)
    }
}

@available(*, unavailable)
extension WebSocketMessageHandler: Sendable {}
