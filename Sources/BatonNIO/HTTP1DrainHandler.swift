public import NIOCore
public import NIOHTTP1
internal import NIOTLS

/// Ends an HTTP/1.1 connection without losing a request when the server stops (``DrainEvent``).
///
/// Its place is right behind SwiftNIO's `HTTPResponseEncoder` and HTTP request decoder. It puts a second handler in front
/// of the decoder, which tells it of requests whose head has not arrived completely: the decoder says nothing of them.
///
/// Where another process takes connections over, it gives its own away, with the bytes of a request that has begun. Where a handler in front
/// of it keeps something of a connection to itself, as TLS does, it is to be told that it must not.
///
/// - While serving it changes nothing.
/// - From ``DrainEvent/began`` on, the response to the last request that has been received says `Connection: close`; then
///   FIN is sent, and the rest is read, so that no reset destroys the response. Idle connections are served for the
///   linger, then closed. One whose client sends a request too slowly is closed before the deadline.
/// - At ``DrainEvent/cut(report:)`` it says what the connection was doing.
public final class HTTP1DrainHandler: ChannelDuplexHandler, RemovableChannelHandler {
    /// Requests, as the codec decodes them.
    public typealias InboundIn = HTTPServerRequestPart
    /// Requests, less those that come after the last response.
    public typealias InboundOut = HTTPServerRequestPart
    /// Responses, as the application writes them.
    public typealias OutboundIn = HTTPServerResponsePart
    /// Responses, the last one with `Connection: close`.
    public typealias OutboundOut = HTTPServerResponsePart

    private let accepted = NIODeadline.now()
    private let report: (String) -> Void
    private var state: HTTP1DrainStateMachine
    private var timer: Scheduled<Void>?
    /// The method and URI of the last request, for the report: keeping the whole head would cost.
    private var request: (method: HTTPMethod, uri: String)?
    /// What the decoder has made of what is being read.
    private var decoded = UnfinishedRequest.Decoded()
    private var unfinished = UnfinishedRequest()
    private var offer: ConnectionOffer?
    /// Whether no handler in front has a state of the connection, which another process would not have.
    private var mayGiveAway: Bool
    private var context: ChannelHandlerContext?

    /// Creates the handler of one connection.
    ///
    /// - Parameters:
    ///   - linger: How long the connection is still served in a drain while it idles.
    ///   - requestGrace: How long a drain waits for the rest of a request, and a second more for each 500 bytes that come; then the
    ///     connection is closed.
    ///   - mayGiveAway: Whether another process may take the connection over; false under TLS, unless it is that of `BatonTLS`. What
    ///     fires `TLSUserEvent.handshakeCompleted` so that it comes here has said it, too, but only then.
    ///   - report: Takes a line for the log about a client that is too slow.
    public init(
        linger: TimeAmount,
        requestGrace: TimeAmount = .seconds(5),
        mayGiveAway: Bool = true,
        report: @escaping (String) -> Void = { _ in }
    ) {
        self.mayGiveAway = mayGiveAway
        self.state = HTTP1DrainStateMachine(linger: linger, requestGrace: requestGrace)
        self.report = report
    }

    /// Puts its second handler in front of the decoder.
    public func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        do {
            let pipeline = context.pipeline.syncOperations
            // Not in front of the pipeline: under TLS the bytes there are no request's.
            let decoder = try? pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(
                HTTP1BytesHandler(observer: self),
                position: decoder.map { .before($0) } ?? .first
            )
        } catch {
            context.fireErrorCaught(error)
        }
    }

    /// Forgets the timer of the linger.
    public func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        self.context = nil
    }

    /// Passes a request on, unless it came after the last response.
    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let isWanted: Bool
        switch unwrapInboundIn(data) {
        case .head(let head):
            decoded.heads += 1
            isWanted = state.readHead(keepsAlive: head.isKeepAlive)
            if isWanted { request = (head.method, head.uri) }
        case .body(let bytes):
            decoded.bodyBytes += bytes.readableBytes
            isWanted = state.readBody()
        case .end:
            decoded.ends += 1
            let action: HTTP1DrainStateMachine.Action
            (isWanted, action) = state.readEnd(now: NIODeadline.now)
            perform(action, context: context)
        }
        if isWanted { context.fireChannelRead(data) }
    }

    /// Asks for more where nobody else does any more.
    public func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        if state.isReadingToTheEnd { context.read() }
    }

    /// Notes that what arrives is no HTTP, and passes the error on.
    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError { perform(state.malformed(now: .now()), context: context) }
        context.fireErrorCaught(error)
    }

    /// Notes that the application ends the connection, and passes it on.
    public func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        context.close(mode: mode, promise: promise)
        if mode == .output { perform(state.outputClosed(now: .now()), context: context) }
    }

    /// Passes a response on, the last one with `Connection: close`.
    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        state.moved()
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.code < 200:
            if head.status.code == 101 { state.switchesProtocol() }
        case .head(var head):
            let keepsAlive = !state.isDraining || head.isKeepAlive
            guard state.writeHead(keepsAlive: keepsAlive, hasUnread: { ConnectionSocket.hasUnread(context) }) else {
                break
            }
            head.headers.replaceOrAdd(name: "connection", value: "close")
            context.write(wrapOutboundOut(.head(head)), promise: promise)
            return
        case .end:
            let (isToBeFlushed, action) = state.writeEnd(now: NIODeadline.now)
            perform(action, context: context)
            guard isToBeFlushed else { break }
            let flushed = promise ?? context.eventLoop.makePromise()
            let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            flushed.futureResult.whenSuccess {
                let (handler, context) = box.value
                handler.perform(handler.state.responseFlushed(now: .now()), context: context)
            }
            context.write(data, promise: flushed)
            return
        default:
            break
        }
        context.write(data, promise: promise)
    }

    /// Begins the drain, tells how it goes, or reports at its deadline.
    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted:
            mayGiveAway = false
        case DrainEvent.handOver(let offer) where !mayGiveAway:
            offer.decline("TLS")
        case DrainEvent.handOver(let offer):
            self.offer = offer
            state.offered()
        case DrainEvent.began:
            perform(state.beginDrain(now: .now()), context: context)
        case DrainEvent.census(let answer):
            answer(state.census(unsent: ConnectionSocket.unsent(context), inKernel: ConnectionSocket.inKernel(context)))
        case DrainEvent.cut(let report):
            report(describe(context))
        default:
            break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func received(_ bytes: ByteBuffer) {
        decoded = .init()
        state.moved()
        state.received(bytes: bytes.readableBytes)
    }

    /// The decoder has seen `bytes`.
    func decoded(_ bytes: ByteBuffer) {
        unfinished.received(bytes, decoded: decoded)
        // Gone, if the connection has been closed meanwhile.
        guard let context else { return }
        perform(state.decoded(leaving: unfinished.byteCount, now: NIODeadline.now), context: context)
    }

    private func perform(_ action: HTTP1DrainStateMachine.Action, context: ChannelHandlerContext) {
        switch action {
        case .none:
            break
        case .schedule(let instant):
            schedule(at: instant, context: context)
            if state.isReadingToTheEnd { context.read() }
        case .handOver:
            handOver(context)
        case .halfClose:
            close(context: context, mode: .output, promise: nil)
        case .close:
            context.close(promise: nil)
        case .giveUp:
            let rate = SlowRequestLimit.bytesPerSecond
            report("connection cut in the drain, less than \(rate) bytes/s of a request came: \(describe(context))")
            context.close(promise: nil)
        }
    }

    private func handOver(_ context: ChannelHandlerContext) {
        guard let offer, let bytes = unfinished.bytes else {
            offer?.decline("unreadable")
            perform(state.handOverEnded(.refused, now: .now()), context: context)
            return
        }
        // What was written before the drain may not have left yet.
        guard !Self.hasUnsent(context) else {
            perform(state.handOverEnded(.later, now: .now()), context: context)
            return
        }
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        offer.take(context.channel, bytes: bytes) { outcome in
            let (handler, context) = box.value
            handler.perform(handler.state.handOverEnded(outcome, now: .now()), context: context)
        }
    }

    private func schedule(at instant: NIODeadline, context: ChannelHandlerContext) {
        timer?.cancel()
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: instant) {
            let (handler, context) = box.value
            let action = handler.state.timerElapsed(
                now: .now(),
                hasUnread: ConnectionSocket.hasUnread(context),
                hasUnsent: Self.hasUnsent(context)
            )
            handler.perform(action, context: context)
        }
    }

    private static func hasUnsent(_ context: ChannelHandlerContext) -> Bool { ConnectionSocket.unsent(context) > 0 }

    private func describe(_ context: ChannelHandlerContext) -> String {
        let peer = PeerName(context.channel.remoteAddress)
        let age = (NIODeadline.now() - accepted).nanoseconds / 1_000_000
        let doing =
            if state.unanswered > 0 {
                "\(requestLine): "
                    + (state.isResponding || Self.hasUnsent(context)
                        ? "its response was being sent"
                        : state.isReadingBody ? "its body was being received" : "its handler had not answered")
                    + (state.unanswered > 1 ? ", \(state.unanswered - 1) more waited behind it" : "")
            } else if state.headBytes > 0 {
                "an incomplete request head, \(state.headBytes) bytes of it received"
            } else if Self.hasUnsent(context) {
                "\(requestLine): the client had not read its response"
            } else {
                "no request"
            }
        return "\(peer), open for \(age) ms: \(doing)"
    }

    private var requestLine: String {
        // Without the query, which may hold what does not belong into a log.
        request.map { "\($0.method.rawValue) \($0.uri.prefix { $0 != "?" })" } ?? "a request"
    }
}

@available(*, unavailable)
extension HTTP1DrainHandler: Sendable {}
