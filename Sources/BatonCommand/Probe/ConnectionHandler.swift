import NIOCore
import NIOHTTP1

/// Tells the client that a connection belongs to what happens on it, until the client lets go of it.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private var client: ProbeClient?

    init(client: ProbeClient) { self.client = client }

    /// From here on the connection's events concern nobody.
    func detach() { client = nil }

    func channelActive(context: ChannelHandlerContext) { client?.handle(.connected) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): client?.handle(.head(head))
        case .body(let body): client?.handle(.body(body))
        case .end: client?.handle(.responseEnd)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HTTPParserError.invalidEOFState:
            break  // Half a response; `channelInactive` follows and tells the same.
        case is IOError:
            // Now, not in `channelInactive`: in between the decoder takes the end of the connection for the end of a
            // body without a length.
            client?.handle(.connectionEnded(ConnectionEnd(error)))
        default:
            client?.handle(.malformed(String(describing: error)))
        }
    }

    func channelInactive(context: ChannelHandlerContext) { client?.handle(.connectionEnded(.endOfFile)) }

    /// Counts what comes in before the decoder makes responses of it.
    final class Counter: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias InboundOut = ByteBuffer

        private let handler: ConnectionHandler

        init(for handler: ConnectionHandler) { self.handler = handler }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            handler.client?.handle(.received(unwrapInboundIn(data).readableBytes))
            context.fireChannelRead(data)
        }
    }
}
