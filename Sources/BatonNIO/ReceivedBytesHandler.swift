import NIOCore

/// Tells the ``HTTP1DrainHandler`` of its pipeline what arrives, before the HTTP decoder keeps it to itself.
final class ReceivedBytesHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private var observer: HTTP1DrainHandler?

    init(observer: HTTP1DrainHandler) {
        self.observer = observer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        observer?.received(bytes)
        context.fireChannelRead(data)
        observer?.decoded(bytes)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        observer = nil
    }
}
