import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Makes a message of each request, and of its echo a response, so that what clients know of requests holds for messages.
final class WebSocketEchoHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = WebSocketFrame

    /// What the body of a response is whose message came back as it was.
    static let right = "echo"

    /// The server has sent Close.
    struct Closed: Sendable {
        /// Nil without one.
        var code: UInt16?
        var bytes: Int
    }

    /// Bytes of a message.
    struct Received: Sendable { var count: Int }

    private var number = 0
    private var text = ""

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // The end of the request is that of the message, too.
        guard case .head = unwrapOutboundIn(data) else {
            promise?.succeed()
            return
        }
        number += 1
        text = "baton-probe message \(number)"
        context.write(frame(.text, ByteBuffer(string: text)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        let bytes = frame.unmaskedData
        switch frame.opcode {
        case .text, .binary:
            context.fireUserInboundEventTriggered(Received(count: bytes.readableBytes))
            let answer = frame.opcode == .text && String(buffer: bytes) == text ? ByteBuffer(string: Self.right) : bytes
            let fields: HTTPHeaders = ["Content-Length": "\(answer.readableBytes)"]
            let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: fields)
            for part in [.head(head), .body(answer), .end(nil)] as [HTTPClientResponsePart] {
                context.fireChannelRead(wrapInboundOut(part))
            }
        case .ping: context.writeAndFlush(self.frame(.pong, bytes), promise: nil)
        case .connectionClose:
            context.writeAndFlush(self.frame(.connectionClose, bytes), promise: nil)
            let code = bytes.getInteger(at: bytes.readerIndex, as: UInt16.self)
            context.fireUserInboundEventTriggered(Closed(code: code, bytes: bytes.readableBytes))
        default: break
        }
    }

    /// The client's own end is not one that a server has to wonder about.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        context.writeAndFlush(frame(.connectionClose, ByteBuffer(bytes: [0x03, 0xe8])), promise: nil)
        context.close(mode: mode, promise: promise)
    }

    private func frame(_ opcode: WebSocketOpcode, _ bytes: ByteBuffer) -> NIOAny {
        wrapOutboundOut(WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: bytes))
    }
}
