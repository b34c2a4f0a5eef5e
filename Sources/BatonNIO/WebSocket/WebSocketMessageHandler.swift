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
        let handler = Locked<NIOLoopBound<WebSocketMessageHandler>?>(nil)

        init(loop: any EventLoop) { self.loop = loop }

        func produceMore() { resume() }
        func didTerminate() { resume() }

        private func resume() {
            loop.execute { self.handler.withLock { $0 }?.value.resume() }
        }
    }

    private let source: WebSocketMessages.Producer.Source
    private let delegate: Delegate
    private var context: ChannelHandlerContext?
    /// The task does not keep up: nothing is read meanwhile.
    private var isPaused = false
    private var isReadWanted = false
    private var isFinished = false

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
        return (handler, WebSocketMessages(producer: made.sequence))
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

    /// Writes a frame of the task.
    func write(_ frame: WebSocketFrame) -> EventLoopFuture<Void> {
        guard let context else { return delegate.loop.makeFailedFuture(ChannelError.ioOnClosedChannel) }
        return context.writeAndFlush(wrapOutboundOut(frame))
    }

    private func yield(_ message: WebSocket.Message) {
        guard !isFinished else { return }
        isPaused = source.yield(contentsOf: CollectionOfOne(message)) == .stopProducing
    }

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
