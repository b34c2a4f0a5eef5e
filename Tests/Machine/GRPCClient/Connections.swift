#if GRPC
import GRPCNIOTransportHTTP2Posix
import NIOCore
import NIOHPACK
import NIOHTTP2
import Synchronization

/// Watches the frames of one client's connections, to know which calls a server cannot have begun.
///
/// gRPC's client tells of neither streams nor GOAWAYs. It opens a new connection after a GOAWAY, and a stream that cannot be opened is
/// tried again by it; a call whose stream is refused fails.
final class Connections: Sendable {
    /// The header that names a call.
    static let callNumber = "call-number"

    private struct Sent {
        let connection: Frames
        let stream: Int
    }

    private let ledger: Ledger
    private let sent = Mutex<[Int: Sent]>([:])

    init(_ ledger: Ledger) {
        self.ledger = ledger
    }

    /// Has a client's channels watched.
    var callbacks: HTTP2ClientTransport.Config.ChannelDebuggingCallbacks {
        .init { [self] channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(
                    Frames(ledger, channel.eventLoop),
                    position: .after(pipeline.handler(type: NIOHTTP2Handler.self))
                )
            }
        } onCreateHTTP2Stream: { [self] stream in
            stream.eventLoop.makeCompletedFuture {
                guard let frames = try stream.parent?.pipeline.syncOperations.handler(type: Frames.self) else { return }
                try stream.pipeline.syncOperations.addHandler(Stream(self, frames), position: .first)
            }
        }
    }

    fileprivate func sent(_ call: Int, on stream: Int, of connection: Frames) {
        sent.withLock { $0[call] = Sent(connection: connection, stream: stream) }
    }

    /// Forgets a call that has ended. Returns whether no server has begun it.
    func ended(_ call: Int) async -> Bool {
        guard let sent = sent.withLock({ $0.removeValue(forKey: call) }) else { return true }
        // Behind what the loop is at: the GOAWAY that ends a stream may be on its way through the pipeline.
        let isRefused = sent.connection.eventLoop.submit { sent.connection.hasRefused(sent.stream) }
        return (try? await isRefused.get()) ?? false
    }
}

/// The frames of one connection that are not of its streams.
private final class Frames: ChannelDuplexHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = HTTP2Frame
    typealias OutboundIn = HTTP2Frame

    private struct State {
        var last: Int?
        var refused: Set<Int> = []
        /// What the last GOAWAY said.
        var goAway: HTTP2ErrorCode?
        /// How the connection has ended.
        var end = "it could not be opened"
        /// Whether the client has ended it, having nothing to do for it any more.
        var isClosedHere = false
    }

    let eventLoop: any EventLoop
    private let ledger: Ledger
    private let state = Mutex(State())

    init(_ ledger: Ledger, _ eventLoop: any EventLoop) {
        self.ledger = ledger
        self.eventLoop = eventLoop
    }

    func channelActive(context: ChannelHandlerContext) {
        state.withLock { $0.end = "by the server" }
        ledger.count { $0.connections += 1 }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .goAway(let last, let code, _) = unwrapInboundIn(data).payload {
            state.withLock { state in
                state.goAway = code
                if last != .maxID { state.last = Int(last) }
            }
            ledger.count { counts in
                if last == .maxID { counts.firstGoAways += 1 } else { counts.lastGoAways += 1 }
            }
        }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !(error is NIOHTTP2Errors.StreamError) { state.withLock { $0.end = "\(error)" } }
        context.fireErrorCaught(error)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        state.withLock { if $0.end == "by the server", context.channel.isActive { $0.isClosedHere = true } }
        context.close(mode: mode, promise: promise)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        let (goAway, end, isClosedHere) = state.withLock { ($0.goAway, $0.end, $0.isClosedHere) }
        if goAway == .noError || isClosedHere { return }
        ledger.lost("a connection ended: \(end), after GOAWAY: \(goAway.map { "\($0)" } ?? "none")")
    }

    func refused(_ stream: Int) {
        _ = state.withLock { $0.refused.insert(stream) }
    }

    func hasRefused(_ stream: Int) -> Bool {
        state.withLock { state in state.refused.contains(stream) || state.last.map { stream > $0 } ?? false }
    }
}

/// The frames of one stream.
private final class Stream: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = HTTP2Frame.FramePayload
    typealias OutboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let connections: Connections
    private let frames: Frames
    private var id = 0

    init(_ connections: Connections, _ frames: Frames) {
        self.connections = connections
        self.frames = frames
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .headers(let frame) = unwrapOutboundIn(data),
            let call = frame.headers.first(name: Connections.callNumber).flatMap({ Int($0) })
        else {
            context.write(data, promise: promise)
            return
        }
        let promise = promise ?? context.eventLoop.makePromise()
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        promise.futureResult.whenSuccess {
            let (handler, context) = box.value
            let id = try? context.channel.syncOptions?.getOption(HTTP2StreamChannelOptions.streamID)
            handler.id = id.map { Int($0) } ?? 0
            handler.connections.sent(call, on: handler.id, of: handler.frames)
        }
        context.write(data, promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .rstStream(.refusedStream) = unwrapInboundIn(data) { frames.refused(id) }
        context.fireChannelRead(data)
    }
}
#endif
