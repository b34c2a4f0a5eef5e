package import Baton
internal import BatonNIO
public import NIOCore
public import NIOHTTP2

/// Ends an HTTP/2 connection without losing a request when the server stops (`DrainEvent`).
///
/// Its place is between `NIOHTTP2Handler` and a connection manager that answers `ChannelShouldQuiesceEvent` with two GOAWAYs:
/// `NIOHTTP2ServerConnectionManagementHandler`, or the one that Hummingbird or gRPC put there. ``add(to:goAwayLimit:)`` finds it.
/// Each stream's channel needs an ``HTTP2StreamDrainHandler``: without it the connection seems to have no requests.
///
/// - While serving it changes nothing.
/// - At `DrainEvent.began` the manager sends the first GOAWAY, which refuses nothing, and a PING. What arrives until the client has
///   acknowledged the PING is served; then comes the second GOAWAY, which tells the client what it may send again elsewhere. It is
///   not waited for longer than the limit.
/// - When the manager then closes the connection, all that was written is sent, then FIN, or `close_notify` and FIN; the rest is read, so that no
///   reset destroys a response. The manager alone would drop what the client is slow to take.
/// - At `DrainEvent.cut(report:)` it says which requests are lost.
public final class HTTP2DrainHandler: ChannelDuplexHandler, RemovableChannelHandler {
    /// Frames of the connection; those of its streams do not come here.
    public typealias InboundIn = HTTP2Frame
    /// The same frames.
    public typealias InboundOut = HTTP2Frame
    /// What the connection manager sends.
    public typealias OutboundIn = HTTP2Frame
    /// The same frames.
    public typealias OutboundOut = HTTP2Frame

    /// How long the acknowledgement of a PING is waited for, if nothing else is said.
    public static let goAwayLimit = TimeAmount.seconds(2)

    /// Its share of a drain: streams that are in progress need the rest.
    package static func goAwayLimit(within drain: DrainConfiguration) -> TimeAmount {
        min(goAwayLimit, TimeAmount(drain.timeout / 4))
    }

    private let accepted = NIODeadline.now()
    private var state: HTTP2DrainStateMachine
    /// Whether the HTTP/2 handler has sent what comes first: a GOAWAY before it would be a protocol error.
    private var isActive = false
    private var isDrainDue = false
    private var timer: Scheduled<Void>?
    private var closePromise: EventLoopPromise<Void>?
    private var bytes: HTTP2BytesHandler?
    /// The HTTP/2 handler has stopped in the middle of what it received, for an error that is not passed on.
    private var hasStopped = false
    private var streams: [ObjectIdentifier: HTTP2StreamDrainHandler] = [:]

    /// Creates the handler of one connection.
    ///
    /// - Parameter goAwayLimit: How long, in a drain, it is waited for the client to acknowledge the first GOAWAY.
    public init(goAwayLimit: TimeAmount = HTTP2DrainHandler.goAwayLimit) {
        self.state = HTTP2DrainStateMachine(goAwayLimit: goAwayLimit)
    }

    /// Puts a handler right behind the pipeline's `NIOHTTP2Handler`, and one that sees its bytes before it.
    ///
    /// - Parameters:
    ///   - pipeline: The pipeline of the connection.
    ///   - goAwayLimit: How long, in a drain, it is waited for the client to acknowledge the first GOAWAY.
    /// - Throws: `ChannelPipelineError.notFound` if there is no `NIOHTTP2Handler`.
    public static func add(
        to pipeline: ChannelPipeline.SynchronousOperations,
        goAwayLimit: TimeAmount = HTTP2DrainHandler.goAwayLimit
    ) throws {
        let http2 = try pipeline.handler(type: NIOHTTP2Handler.self)
        let handler = HTTP2DrainHandler(goAwayLimit: goAwayLimit)
        try pipeline.addHandler(handler, position: .after(http2))
        let bytes = HTTP2BytesHandler(observer: handler)
        try pipeline.addHandler(bytes, position: .before(http2))
        handler.bytes = bytes
    }

    /// Notes whether the connection has begun.
    public func handlerAdded(context: ChannelHandlerContext) {
        isActive = context.channel.isActive
    }

    /// Begins the drain of a connection that has been told of it before it was active.
    ///
    /// SwiftNIO keeps the promise of a connection before the pipeline hears that it is active.
    public func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        isActive = true
        if isDrainDue { beginDrain(context) }
    }

    /// Forgets its timer.
    public func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        bytes = nil
        finishClose()
    }

    /// Keeps the promise of a close.
    public func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        finishClose()
        context.fireChannelInactive()
    }

    /// Passes frames on, but for an acknowledgement that comes after it has been given up.
    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .ping(let ping, ack: true) = unwrapInboundIn(data).payload, !state.acknowledged(ping) { return }
        context.fireChannelRead(data)
    }

    /// Notes the GOAWAYs and the PING of the connection manager.
    ///
    /// The first GOAWAY goes by the HTTP/2 handler, which from then on would refuse each new stream, while the client may still open some
    /// (RFC 9113, 6.8).
    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data).payload {
        case .goAway(.maxID, .noError, _):
            state.wroteGoAway()
            if let bytes {
                bytes.writeFirstGoAway(promise: promise)
                return
            }
        case .goAway:
            state.wroteGoAway()
        case .ping(let ping, ack: false): perform(state.wrotePing(ping, now: context.eventLoop.now), context)
        default: break
        }
        context.write(data, promise: promise)
    }

    /// Passes errors on, but in a drain those of one stream: a connection manager closes all others for it.
    ///
    /// Frames of streams that have been refused are such errors. For some of them, SwiftNIO's HTTP/2 handler would end the connection by a
    /// GOAWAY that takes the last one back, and fails to send it.
    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if state.isDraining {
            switch error {
            case is NIOHTTP2Errors.NoSuchStream:
                hasStopped = true
                return
            case is NIOHTTP2Errors.RaisedGoawayLastStreamID:
                return
            default:
                if NIOHTTP2Errors.concernsOneStream(error) { return }
            }
        }
        context.fireErrorCaught(error)
    }

    /// In a drain, closes only when all that was written has been sent.
    public func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all, state.mayCloseGently else {
            context.close(mode: mode, promise: promise)
            return
        }
        if let promise {
            if let closePromise { closePromise.futureResult.cascade(to: promise) } else { closePromise = promise }
        }
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        // The last stream's last frame may be on its way through the pipeline right now.
        context.eventLoop.execute {
            let (handler, context) = box.value
            handler.perform(handler.state.beginClose(now: context.eventLoop.now), context)
        }
    }

    /// Begins the drain, tells how it goes, or reports at its deadline.
    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case DrainEvent.began:
            context.fireUserInboundEventTriggered(event)
            if isActive { beginDrain(context) } else { isDrainDue = true }
            return
        case DrainEvent.census(let answer):
            answer(
                state.census(
                    requests: streams.count,
                    unsent: ConnectionSocket.unsent(context),
                    inKernel: ConnectionSocket.inKernel(context)
                )
            )
        case DrainEvent.cut(let report):
            state.cut()
            self.report(report, context)
        default:
            break
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func beginDrain(_ context: ChannelHandlerContext) {
        guard state.beginDrain() else { return }
        // From here on: the streams' channels must not hear of it, or those that have only just opened are closed.
        context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        perform(state.askedManager(now: context.eventLoop.now), context)
    }

    func received() {
        state.moved()
    }

    /// Whether the HTTP/2 handler has stopped since this was asked last.
    func takeStop() -> Bool {
        defer { hasStopped = false }
        return hasStopped
    }

    func opened(_ stream: HTTP2StreamDrainHandler) {
        streams[ObjectIdentifier(stream)] = stream
        state.moved()
    }

    func closed(_ stream: HTTP2StreamDrainHandler) {
        streams[ObjectIdentifier(stream)] = nil
        state.moved()
    }

    private func perform(_ action: HTTP2DrainStateMachine.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .none:
            break
        case .schedule(let instant):
            schedule(at: instant, context)
        case .acknowledge(let ping):
            context.fireChannelRead(
                wrapInboundOut(HTTP2Frame(streamID: .rootStream, payload: .ping(ping, ack: true)))
            )
            context.fireChannelReadComplete()
        case .halfClose(let instant):
            context.flush()
            context.close(mode: .output, promise: nil)
            schedule(at: instant, context)
        case .close:
            let promise = closePromise
            closePromise = nil
            context.close(promise: promise)
        }
    }

    private func schedule(at instant: NIODeadline, _ context: ChannelHandlerContext) {
        timer?.cancel()
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: instant) {
            let (handler, context) = box.value
            let action = handler.state.timerElapsed(
                now: context.eventLoop.now,
                requests: handler.streams.count,
                isSettled: !ConnectionSocket.hasUnread(context) && ConnectionSocket.unsent(context) == 0
            )
            handler.perform(action, context)
        }
    }

    private func finishClose() {
        closePromise?.succeed()
        closePromise = nil
    }

    private func report(_ report: (String) -> Void, _ context: ChannelHandlerContext) {
        let peer = PeerName(context.channel.remoteAddress)
        let age = (NIODeadline.now() - accepted).nanoseconds / 1_000_000
        let connection = "\(peer), open for \(age) ms: HTTP/2, "
        guard !streams.isEmpty else {
            let isUnsent = ConnectionSocket.unsent(context) > 0
            report(connection + (isUnsent ? "the client had not read its responses" : "no request"))
            return
        }
        for stream in streams.values.sorted(by: { $0.id < $1.id }) { report(connection + stream.description) }
    }
}

@available(*, unavailable)
extension HTTP2DrainHandler: Sendable {}
