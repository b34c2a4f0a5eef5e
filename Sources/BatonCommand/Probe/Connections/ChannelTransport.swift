import NIOCore
import NIOHTTP1
import NIOPosix

/// A connection of the client's own, for HTTP/1.1 and for WebSockets.
final class ChannelTransport: ProbeTransport {
    private let client: ProbeClient
    private let settings: ClientMachine.Settings
    private let request: ProbeRequest
    private let server: ServerAddress
    private let loop: any EventLoop
    private var connection: (channel: any Channel, handler: ConnectionHandler)?
    private var leftToServer: (any Channel)?

    init(
        for client: ProbeClient,
        _ settings: ClientMachine.Settings,
        _ request: ProbeRequest,
        to server: ServerAddress,
        on loop: any EventLoop
    ) {
        (self.client, self.settings, self.request) = (client, settings, request)
        (self.server, self.loop) = (server, loop)
    }

    func connect() {
        // An idle connection needs one descriptor, not two.
        if settings.mode == .idle {
            leftToServer?.close(promise: nil)
            leftToServer = nil
        }
        let handler = ConnectionHandler(
            client: client,
            hasTLS: server.tls != nil,
            handshake: settings.mode == .webSocket ? request.head : nil
        )
        let bound = NIOLoopBound((transport: self, handler: handler), eventLoop: loop)
        server.bootstrap(on: loop, timeout: settings.timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try bound.value.transport.prepare(channel, bound.value.handler)
                }
            }
            .connect(to: server.address)
            .assumeIsolated().whenFailure { error in
                self.client.handle(.connectFailed(ConnectionEnd(error)))
            }
    }

    private func prepare(_ channel: any Channel, _ handler: ConnectionHandler) throws {
        let pipeline = channel.pipeline.syncOperations
        try server.prepare(channel)
        switch settings.mode {
        case .webSocket: try WebSocketUpgrade.add(to: pipeline, for: handler)
        case .slowBody:
            try pipeline.addHandler(ConnectionHandler.Counter(for: handler))
            try pipeline.addHTTPClientHandlers()
        default:
            let bytes = RequestBytesHandler(request.whole)
            let decoder = ByteToMessageHandler(HTTPResponseDecoder())
            try pipeline.addHandlers([ConnectionHandler.Counter(for: handler), bytes, decoder])
        }
        try pipeline.addHandler(handler)
        connection = (channel, handler)
    }

    func close() { release()?.close(promise: nil) }

    /// Who closes first has the TIME_WAIT: a client that closed first would run out of ports at some hundred connections
    /// a second. NIO closes the channel at the server's FIN; a server that sends none has until the next response.
    func leaveToServer() {
        leftToServer?.close(promise: nil)
        leftToServer = release()
    }

    func end() { leftToServer?.close(promise: nil) }

    /// Lets go of the connection: nothing that happens on it concerns us any more.
    private func release() -> (any Channel)? {
        defer { connection = nil }
        connection?.handler.detach()
        return connection?.channel
    }

    func write(_ part: ClientMachine.Part) {
        guard let (channel, handler) = connection else { return }
        switch part {
        // With the head all of it is sent.
        case .end where request.whole != nil: break
        case .head: send(.head(request.head), on: channel, handler)
        case .piece(let index): send(.body(.byteBuffer(request.pieces[index])), on: channel, handler)
        case .end: send(.end(nil), on: channel, handler)
        }
    }

    private func send(_ part: HTTPClientRequestPart, on channel: any Channel, _ handler: ConnectionHandler) {
        let promise = loop.makePromise(of: Void.self)
        // When a write fails, NIO has read what was still there to be read and told us, and closes without an error event.
        promise.futureResult.assumeIsolated().whenFailure { error in
            guard self.connection?.handler === handler else { return }
            self.client.handle(.connectionEnded(ConnectionEnd(error)))
        }
        channel.writeAndFlush(part, promise: promise)
    }
}
