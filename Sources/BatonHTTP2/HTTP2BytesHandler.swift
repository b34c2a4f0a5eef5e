import NIOCore

/// Sees the bytes of a connection, before and behind its HTTP/2 handler.
///
/// It tells the ``HTTP2DrainHandler`` of its pipeline that bytes arrive, as frames of streams do not come by that, has SwiftNIO's HTTP/2
/// handler go on behind an error that is none, and sends what that handler is not to know of.
final class HTTP2BytesHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = IOData

    private var observer: HTTP2DrainHandler?
    private var context: ChannelHandlerContext?

    init(observer: HTTP2DrainHandler) {
        self.observer = observer
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        observer?.received()
        // A frame has 9 bytes at least.
        var frames = unwrapInboundIn(data).readableBytes / 9 + 1
        context.fireChannelRead(data)
        // It decodes nothing behind an error of the connection until more is received, which may be never.
        while frames > 0, observer?.takeStop() == true {
            frames -= 1
            context.fireChannelRead(wrapInboundOut(ByteBuffer()))
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        observer = nil
        self.context = nil
    }

    /// Sends a GOAWAY that refuses nothing (RFC 9113, 6.8), between frames of the HTTP/2 handler: to be called when none is being written.
    func writeFirstGoAway(promise: EventLoopPromise<Void>?) {
        guard let context else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        var frame = context.channel.allocator.buffer(capacity: 17)
        // 8 bytes of payload, of type 7, without flags, of stream 0; the largest stream there can be, and no error.
        frame.writeBytes([0, 0, 8, 7, 0, 0, 0, 0, 0])
        frame.writeInteger(UInt32(0x7FFF_FFFF))
        frame.writeInteger(UInt32(0))
        context.write(wrapOutboundOut(.byteBuffer(frame)), promise: promise)
    }
}
