import NIOCore
import NIOHTTP1

/// In place of an encoder, which would make the same bytes of the same request again and again. Where a request is sent
/// byte by byte, they come as pieces of a body; else the head stands for all of them. What the head says is for the decoder,
/// which has to know what a response answers.
final class RequestBytesHandler: ChannelOutboundHandler {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = ByteBuffer

    private let bytes: ByteBuffer?

    /// - Parameter bytes: All of a request, which are written with its head; nil if they come in pieces.
    init(_ bytes: ByteBuffer?) { self.bytes = bytes }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .body(.byteBuffer(let bytes)): context.write(wrapOutboundOut(bytes), promise: promise)
        case .head:
            if let bytes { context.write(wrapOutboundOut(bytes), promise: promise) } else { promise?.succeed() }
        case .body(.fileRegion), .end: promise?.succeed()
        }
    }
}
