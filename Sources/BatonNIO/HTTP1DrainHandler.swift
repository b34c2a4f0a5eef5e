internal import CProcess
public import NIOCore
public import NIOHTTP1

/// Ends an HTTP/1.1 connection without losing a request when the server stops (``DrainEvent``).
///
/// Its place is right behind SwiftNIO's `HTTPResponseEncoder` and HTTP request decoder. It puts a second handler in front
/// of the pipeline, which tells it of requests whose head has not arrived completely: the decoder says nothing of them.
///
/// - While serving it changes nothing.
/// - From ``DrainEvent/began`` on, the response to the last request that has been received says `Connection: close`; then
///   FIN is sent, and the rest is read, so that no reset destroys the response. Idle connections are served for the
///   linger, then closed.
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
    private var state: HTTP1DrainStateMachine
    private var timer: Scheduled<Void>?
    /// The method and URI of the last request, for the report: keeping the whole head would cost.
    private var request: (method: HTTPMethod, uri: String)?
    /// Whether the decoder's last part was the end of a request without a body.
    private var endedWithoutBody = false
    private var hadBody = false

    /// Creates the handler of one connection.
    ///
    /// - Parameter linger: How long the connection is still served in a drain while it idles.
    public init(linger: TimeAmount) {
        self.state = HTTP1DrainStateMachine(linger: linger)
    }

    /// Puts its second handler in front of the pipeline.
    public func handlerAdded(context: ChannelHandlerContext) {
        do {
            try context.pipeline.syncOperations.addHandler(ReceivedBytesHandler(observer: self), position: .first)
        } catch {
            context.fireErrorCaught(error)
        }
    }

    /// Forgets the timer of the linger.
    public func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    /// Passes a request on, unless it came after the last response.
    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let isWanted: Bool
        endedWithoutBody = false
        switch unwrapInboundIn(data) {
        case .head(let head):
            isWanted = state.readHead()
            hadBody = false
            if isWanted { request = (head.method, head.uri) }
        case .body:
            isWanted = state.readBody()
            hadBody = true
        case .end:
            let action: HTTP1DrainStateMachine.Action
            (isWanted, action) = state.readEnd(now: NIODeadline.now)
            endedWithoutBody = !hadBody
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
        case .head(var head) where !(100..<200).contains(head.status.code):
            guard state.writeHead(hasUnread: { Self.hasUnread(context) }) else { break }
            head.headers.replaceOrAdd(name: "connection", value: "close")
            context.write(wrapOutboundOut(.head(head)), promise: promise)
            return
        case .end:
            let (isLast, action) = state.writeEnd(now: NIODeadline.now)
            perform(action, context: context)
            guard isLast else { break }
            let flushed = promise ?? context.eventLoop.makePromise()
            let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            flushed.futureResult.whenSuccess {
                let (handler, context) = box.value
                handler.perform(handler.state.lastResponseFlushed(), context: context)
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
        case DrainEvent.began:
            perform(state.beginDrain(now: .now()), context: context)
        case DrainEvent.census(let answer):
            answer(state.census(unsent: Self.unsent(context), inKernel: Self.inKernel(context)))
        case DrainEvent.cut(let report):
            report(describe(context))
        default:
            break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func received(_ bytes: ByteBuffer) {
        endedWithoutBody = false
        state.moved()
        // Clients of old send an extra line end after a body; it begins no request.
        let beginsLikeLineEnd = bytes.getInteger(at: bytes.readerIndex, as: UInt8.self).map(Self.isLineEnd) ?? false
        if beginsLikeLineEnd, state.headBytes == 0, bytes.readableBytesView.allSatisfy(Self.isLineEnd) { return }
        state.received(bytes: bytes.readableBytes)
    }

    /// The decoder has consumed `bytes`. If a request without a body ended in them, more of the next one may be left in the
    /// decoder: it shows by what the bytes end with, as such a request ends with an empty line.
    func decoded(_ bytes: ByteBuffer) {
        guard endedWithoutBody else { return }
        func byte(_ index: Int) -> UInt8? { bytes.getInteger(at: index, as: UInt8.self) }
        let last = bytes.writerIndex - 1
        let before = byte(last - 1) == 0x0D ? last - 2 : last - 1
        // What is not in these bytes came before them, and belongs to the request that has ended.
        let endsWithEmptyLine = byte(last) == 0x0A && (before < bytes.readerIndex || byte(before) == 0x0A)
        if !endsWithEmptyLine { state.decoded(leaving: 1) }
    }

    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0D || byte == 0x0A }

    private func perform(_ action: HTTP1DrainStateMachine.Action, context: ChannelHandlerContext) {
        switch action {
        case .none:
            break
        case .schedule(let instant):
            schedule(at: instant, context: context)
            if state.isReadingToTheEnd { context.read() }
        case .halfClose:
            close(context: context, mode: .output, promise: nil)
        case .close:
            context.close(promise: nil)
        }
    }

    private func schedule(at instant: NIODeadline, context: ChannelHandlerContext) {
        timer?.cancel()
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: instant) {
            let (handler, context) = box.value
            let action = handler.state.timerElapsed(
                now: .now(),
                hasUnread: Self.hasUnread(context),
                hasUnsent: Self.hasUnsent(context)
            )
            handler.perform(action, context: context)
        }
    }

    private static func hasUnread(_ context: ChannelHandlerContext) -> Bool {
        let unread = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self,
            cprocess_unread
        )
        return (unread ?? 0) > 0
    }

    private static func inKernel(_ context: ChannelHandlerContext) -> Int {
        let count = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self,
            cprocess_unsent
        )
        return max(0, Int(count ?? 0))
    }

    private static func hasUnsent(_ context: ChannelHandlerContext) -> Bool { unsent(context) > 0 }

    /// How many bytes of responses have not left the process.
    private static func unsent(_ context: ChannelHandlerContext) -> Int {
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    private func describe(_ context: ChannelHandlerContext) -> String {
        let peer = Self.describe(context.channel.remoteAddress)
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

    private static func describe(_ peer: SocketAddress?) -> String {
        switch peer {
        case .v4, .v6:
            let (host, port) = (peer?.ipAddress ?? "", peer?.port ?? 0)
            return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unixDomainSocket: return "a client of the UNIX socket"
        case nil: return "a client whose address is unknown"
        }
    }

    private var requestLine: String {
        // Without the query, which may hold what does not belong into a log.
        request.map { "\($0.method.rawValue) \($0.uri.prefix { $0 != "?" })" } ?? "a request"
    }
}

@available(*, unavailable)
extension HTTP1DrainHandler: Sendable {}
