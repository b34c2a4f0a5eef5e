public import NIOCore
public import NIOWebSocket

/// Ends a WebSocket connection as RFC 6455 has it: in a drain of the server (``DrainEvent``), and whenever one side closes it.
///
/// Its place is right behind SwiftNIO's `WebSocketFrameEncoder` and the decoder of `WebSocketFrame`s, on the server's side.
///
/// - At ``DrainEvent/began`` it sends a Close frame with code 1001 (going away), behind the message that is being written, if one is.
///   What the client sends before its own Close is still delivered. Then, or when the client has not answered in time, it ends
///   the TCP connection so that nothing of what was sent is lost.
/// - A Close frame of the client is answered, and passed on. One that the application writes begins the closing handshake; of several
///   the first counts. Data that the application writes after a Close fails with `ChannelError.outputClosed`.
/// - Pings are answered; pongs are passed on.
/// - A frame that is too large or violates the protocol ends the connection with a Close frame that says so.
public final class WebSocketDrainHandler: ChannelDuplexHandler, RemovableChannelHandler {
    /// Frames, as the client sends them.
    public typealias InboundIn = WebSocketFrame
    /// Data frames, as they are, pongs and the client's Close.
    public typealias InboundOut = WebSocketFrame
    /// Frames of the application.
    public typealias OutboundIn = WebSocketFrame
    /// Frames of the application, pongs and one Close.
    public typealias OutboundOut = WebSocketFrame

    private let opened = NIODeadline.now()
    private let path: String
    private let goingAwayReason: String
    private let report: @Sendable (String) -> Void
    private var state: WebSocketDrainStateMachine
    private var timer: Scheduled<Void>?
    private var isDraining = false
    private var isReported = false
    /// The last ping that has not been answered, because the client does not read.
    private var ping: ByteBuffer?

    /// Creates the handler of one connection.
    ///
    /// - Parameters:
    ///   - path: What the client has asked for, for the log.
    ///   - configuration: How connections end.
    ///   - report: Takes a line for the log about a connection that has not ended well in a drain.
    public init(
        path: String,
        configuration: WebSocketConfiguration = .init(),
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.path = path
        self.goingAwayReason = configuration.goingAwayReason
        self.report = report
        self.state = WebSocketDrainStateMachine(timeout: TimeAmount(configuration.closeTimeout))
    }

    /// Forgets its timer.
    public func handlerRemoved(context: ChannelHandlerContext) { cancelTimer() }

    /// The connection has ended.
    public func channelInactive(context: ChannelHandlerContext) {
        cancelTimer()
        context.fireChannelInactive()
    }

    private func cancelTimer() {
        timer?.cancel()
        timer = nil
    }

    /// Passes data on; what belongs to the protocol is dealt with here.
    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        state.moved()
        guard state.isDelivering else { return }
        let frame = unwrapInboundIn(data)
        if frame.maskKey == nil { return fail(.protocolError, "a frame of a client must be masked", context) }
        if frame.rsv1 || frame.rsv2 || frame.rsv3 {
            return fail(.protocolError, "a reserved bit is set, and no extension has been agreed on", context)
        }
        switch frame.opcode {
        case .continuation, .text, .binary, .pong:
            context.fireChannelRead(data)
        case .ping:
            ping = frame.unmaskedData
            answerPing(context)
        case .connectionClose:
            context.fireChannelRead(data)
            perform(state.receivedClose(answer: WebSocketClose(answering: frame.unmaskedData), now: .now()), context)
        default:
            fail(.protocolError, "there is no opcode \(UInt8(webSocketOpcode: frame.opcode))", context)
        }
    }

    /// Asks for more where nobody else does any more.
    public func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        if state.isReadingToTheEnd { context.read() }
    }

    /// Ends the connection when its client has violated the protocol, and passes other errors on, as long as anything is delivered.
    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard state.isDelivering else { return }
        switch error {
        case NIOWebSocketError.invalidFrameLength: fail(.messageTooLarge, "the frame is too large", context)
        case NIOWebSocketError.fragmentedControlFrame: fail(.protocolError, "a control frame has no fragments", context)
        case NIOWebSocketError.multiByteControlFrameLength:
            fail(.protocolError, "a control frame has 125 bytes at most", context)
        default: context.fireErrorCaught(error)
        }
    }

    /// The client reads again.
    public func channelWritabilityChanged(context: ChannelHandlerContext) {
        answerPing(context)
        context.fireChannelWritabilityChanged()
    }

    /// Passes a frame on, unless a Close has been sent.
    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        state.moved()
        let frame = unwrapOutboundIn(data)
        switch frame.opcode {
        case .connectionClose:
            var payload = frame.data
            let code = payload.readWebSocketErrorCode()
            perform(state.beginClose(WebSocketClose(code, String(buffer: payload)), now: .now()), context)
            promise?.succeed()
        case .text, .binary, .continuation:
            guard state.isOpen else {
                promise?.fail(ChannelError.outputClosed)
                return
            }
            context.write(data, promise: promise)
            perform(state.wroteData(isFinal: frame.fin), context)
        default:
            guard state.isOpen else {
                promise?.fail(ChannelError.outputClosed)
                return
            }
            context.write(data, promise: promise)
        }
    }

    /// Begins the drain, tells how it goes, or reports at its deadline; notes that the client has ended its side.
    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case DrainEvent.began:
            isDraining = true
            perform(state.beginClose(WebSocketClose(.goingAway, goingAwayReason), now: .now()), context)
        case DrainEvent.census(let answer):
            let (unsent, inKernel) = (ConnectionSocket.unsent(context), ConnectionSocket.inKernel(context))
            answer(state.census(unsent: unsent, inKernel: inKernel))
        case DrainEvent.cut(let report):
            isReported = true
            report(describe(context))
        default:
            break
        }
        context.fireUserInboundEventTriggered(event)
        if case ChannelEvent.inputClosed = event { perform(state.inputClosed(), context) }
    }

    /// Only the last ping has to be answered (RFC 6455, 5.5.3), so a client that does not read fills no buffer.
    private func answerPing(_ context: ChannelHandlerContext) {
        guard let data = ping, context.channel.isWritable else { return }
        ping = nil
        guard state.isOpen else { return }
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: .pong, data: data)), promise: nil)
    }

    private func fail(_ code: WebSocketErrorCode, _ reason: String, _ context: ChannelHandlerContext) {
        perform(state.failed(WebSocketClose(code, reason), now: .now()), context)
    }

    private func perform(_ action: WebSocketDrainStateMachine.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .none:
            break
        case .send(let close):
            send(close, context)
        case .schedule(let instant):
            schedule(at: instant, context)
        case .halfClose:
            context.close(mode: .output, promise: nil)
            perform(state.outputClosed(now: .now()), context)
        case .close:
            // The client has had its time, or has left.
            if ConnectionSocket.unsent(context) > 0 {
                context.triggerUserOutboundEvent(UnsentIsGivenUp(), promise: nil)
            }
            context.close(promise: nil)
        }
        if state.isReadingToTheEnd { context.read() }
    }

    private func send(_ close: WebSocketClose, _ context: ChannelHandlerContext) {
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: close.payload)
        perform(state.closeWritten(), context)
        context.writeAndFlush(wrapOutboundOut(frame)).whenSuccess {
            let (handler, context) = box.value
            handler.perform(handler.state.closeFlushed(now: .now()), context)
        }
    }

    private func schedule(at instant: NIODeadline, _ context: ChannelHandlerContext) {
        timer?.cancel()
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: instant) {
            let (handler, context) = box.value
            let wasLate = handler.state.isLate
            let action = handler.state.timerElapsed(
                now: .now(),
                hasUnread: ConnectionSocket.hasUnread(context),
                hasUnsent: ConnectionSocket.unsent(context) > 0
            )
            if handler.state.isLate, !wasLate { handler.reportLate(context) }
            handler.perform(action, context)
        }
    }

    private func reportLate(_ context: ChannelHandlerContext) {
        guard isDraining, !isReported else { return }
        isReported = true
        report("WebSocket closed at its deadline in the drain: \(describe(context))")
    }

    private func describe(_ context: ChannelHandlerContext) -> String {
        let age = (NIODeadline.now() - opened).nanoseconds / 1_000_000
        let doing =
            if ConnectionSocket.unsent(context) > 0 {
                "the client had not read what was sent"
            } else if state.isOpen {
                "it was open"
            } else if state.isReceived {
                "it was being closed"
            } else {
                "the client had not answered Close"
            }
        return
            "\(PeerName(context.channel.remoteAddress)), open for \(age) ms: WebSocket \(path): \(doing)"
    }
}

@available(*, unavailable)
extension WebSocketDrainHandler: Sendable {}
