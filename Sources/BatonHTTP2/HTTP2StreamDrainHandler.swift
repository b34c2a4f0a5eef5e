public import NIOCore
internal import NIOHPACK
public import NIOHTTP2

/// Tells the connection's ``HTTP2DrainHandler`` of one stream: that it is open, and what was asked for.
///
/// Its place is at the front of a stream's pipeline, where the stream's frames still are frames. From responses it takes header fields that
/// HTTP/2 forbids: for one of them a connection manager closes the connection, with all other streams.
public final class HTTP2StreamDrainHandler: ChannelDuplexHandler, RemovableChannelHandler {
    /// The client's frames.
    public typealias InboundIn = HTTP2Frame.FramePayload
    /// The same frames.
    public typealias InboundOut = HTTP2Frame.FramePayload
    /// The frames of the response.
    public typealias OutboundIn = HTTP2Frame.FramePayload
    /// The same frames.
    public typealias OutboundOut = HTTP2Frame.FramePayload

    private var connection: HTTP2DrainHandler?
    private var request: (method: String, path: String)?
    private var isReceived = false
    private var isResponding = false
    private(set) var id = 0

    /// Creates the handler of one stream.
    public init() {}

    /// Tells the connection of it.
    public func handlerAdded(context: ChannelHandlerContext) {
        connection = try? context.channel.parent?.pipeline.syncOperations.handler(type: HTTP2DrainHandler.self)
        connection?.opened(self)
    }

    /// Tells the connection that the stream has ended.
    public func handlerRemoved(context: ChannelHandlerContext) { leave() }

    /// Tells the connection that the stream has ended.
    public func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    /// Notes what is asked for.
    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .headers(let frame):
            if request == nil { note(frame.headers, context) }
            if frame.endStream { isReceived = true }
        case .data(let frame) where frame.endStream:
            isReceived = true
        default:
            break
        }
        context.fireChannelRead(data)
    }

    /// Notes that the response has begun.
    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        isResponding = true
        guard case .headers(var frame) = unwrapOutboundIn(data) else {
            context.write(data, promise: promise)
            return
        }
        ConnectionHeaders.remove(from: &frame.headers)
        context.write(wrapOutboundOut(.headers(frame)), promise: promise)
    }

    /// What the stream is at.
    var description: String {
        let doing =
            isResponding
            ? "its response was being sent"
            : isReceived ? "its handler had not answered" : "its body was being received"
        // Without the query, which may hold what does not belong into a log.
        return (request.map { "\($0.method) \($0.path.prefix { $0 != "?" })" } ?? "a request") + ": \(doing)"
    }

    private func note(_ headers: HPACKHeaders, _ context: ChannelHandlerContext) {
        request = (headers.first(name: ":method") ?? "", headers.first(name: ":path") ?? "")
        id = (try? context.channel.syncOptions?.getOption(HTTP2StreamChannelOptions.streamID)).map { Int($0) } ?? 0
    }

    private func leave() {
        connection?.closed(self)
        connection = nil
    }
}

@available(*, unavailable)
extension HTTP2StreamDrainHandler: Sendable {}
