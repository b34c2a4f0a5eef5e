import NIOCore
import NIOHTTP1

/// In place of an encoder where a request is sent byte by byte: its bytes come as pieces of a body, and are written as they
/// are. The head is only for the decoder, which has to know what a response answers.
final class RequestBytesHandler: ChannelOutboundHandler {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = ByteBuffer

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .body(.byteBuffer(let bytes)): context.write(wrapOutboundOut(bytes), promise: promise)
        case .body(.fileRegion), .head, .end: promise?.succeed()
        }
    }
}
