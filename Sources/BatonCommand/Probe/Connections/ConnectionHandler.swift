import NIOCore
import NIOHTTP1
import NIOSSL
import NIOTLS

/// Tells the client that a connection belongs to what happens on it, until the client lets go of it.
final class ConnectionHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private var client: ProbeClient?
    private let hasTLS: Bool
    private let handshake: HTTPRequestHead?

    /// - Parameters:
    ///   - client: Whose connection it is.
    ///   - hasTLS: Before anything else there is a handshake of TLS.
    ///   - handshake: After that, the request for another protocol.
    init(client: ProbeClient, hasTLS: Bool = false, handshake: HTTPRequestHead? = nil) {
        (self.client, self.hasTLS, self.handshake) = (client, hasTLS, handshake)
    }

    /// From here on the connection's events concern nobody.
    func detach() { client = nil }

    /// Requests can be sent now.
    func connected() { client?.handle(.connected) }

    func channelActive(context: ChannelHandlerContext) {
        if !hasTLS { begin(context) }
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard let handshake else { return connected() }
        context.write(wrapOutboundOut(.head(handshake)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted: begin(context)
        case let event as WebSocketEchoHandler.Received: client?.handle(.received(event.count))
        case let event as WebSocketEchoHandler.Closed: client?.handle(.init(event))
        default: context.fireUserInboundEventTriggered(event)
        }
    }

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
        case is IOError, is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
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

extension ClientMachine.Event {
    /// 1001 and 1012 say that the server goes, or restarts: the client is welcome again.
    fileprivate init(_ close: WebSocketEchoHandler.Closed) {
        switch close.code {
        case 1001?, 1012?: self = .turnedAway("closed with \(close.code ?? 0)")
        case let code?: self = .connectionEnded(.webSocketClose(code: code))
        case nil: self = .connectionEnded(.webSocketClose(code: 1005))
        }
    }
}
