import NIOCore

/// Stands between a connection and its TLS handler: knows whether the client has begun, and can close without what TLS would send or wait
/// for first.
final class TLSTransportHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// Bytes have come, of a handshake as a rule.
    private(set) var hasReceived = false
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasReceived = true
        context.fireChannelRead(data)
    }

    /// Closes the connection at once. To be called on the event loop.
    func close() { context?.close(promise: nil) }
}

@available(*, unavailable)
extension TLSTransportHandler: Sendable {}
