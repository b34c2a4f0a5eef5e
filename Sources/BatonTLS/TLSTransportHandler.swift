import BatonNIO
import NIOCore

/// Stands between a connection and its TLS handler: knows whether the client has begun, has a full close of that handler wait for what has
/// not been sent, and can close without what TLS would send or wait for first.
///
/// NIOSSL closes all when the client closes its side behind the server, or when its shutdown has taken its time.
final class TLSTransportHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData

    /// How long a client that takes nothing is waited for.
    static let patience = TimeAmount.seconds(5)

    /// Bytes have come, of a handshake as a rule.
    private(set) var hasReceived = false
    private var isCut = false
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasReceived = true
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case DrainEvent.cut = event { isCut = true }
        context.fireUserInboundEventTriggered(event)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all, !isCut, ConnectionSocket.unsent(context) > 0 else {
            context.close(mode: mode, promise: promise)
            return
        }
        SendProgress.waitUntilSent(context, patience: Self.patience, isOver: { [self] in isCut }) { context, _ in
            context.close(promise: promise)
        }
    }

    /// Closes the connection at once. To be called on the event loop.
    func close() { context?.close(promise: nil) }
}

@available(*, unavailable)
extension TLSTransportHandler: Sendable {}
