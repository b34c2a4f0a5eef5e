public import NIOCore

/// Tells the ``HTTP1DrainHandler`` of its pipeline what arrives, before the HTTP decoder keeps it to itself.
///
/// The decoder says nothing until a request's head is complete; a drain must know that one has begun.
public final class ReceivedBytesHandler: ChannelInboundHandler, RemovableChannelHandler {
    /// What the socket read.
    public typealias InboundIn = ByteBuffer
    /// The same.
    public typealias InboundOut = ByteBuffer

    var observer: HTTP1DrainHandler?

    /// Creates the handler of one connection; its place is in front of the HTTP decoder.
    public init() {}

    /// Passes the bytes on, telling the drain handler before and after.
    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let observer else {
            context.fireChannelRead(data)
            return
        }
        let bytes = unwrapInboundIn(data)
        observer.received(bytes)
        context.fireChannelRead(data)
        observer.decoded(bytes)
    }

    /// Lets go of the drain handler.
    public func handlerRemoved(context: ChannelHandlerContext) {
        observer = nil
    }
}

@available(*, unavailable)
extension ReceivedBytesHandler: Sendable {}
