internal import NIOCore
public import NIOHTTP1
internal import NIOWebSocket

extension HTTP1Upgrade {
    /// WebSocket (RFC 6455) at a path.
    ///
    /// A handshake that is wrong is answered with 400 or, for another version than 13, 426, and a line that says why.
    ///
    /// - Parameters:
    ///   - path: Where, as in `/echo`; a slash at its end makes no difference.
    ///   - configuration: How large messages may be, and how connections end.
    ///   - accept: Returns more headers for the response, or nil if the request is none for this endpoint; called on an event
    ///     loop. What browsers a server trusts is for it to say: see the request's header `Origin`.
    ///   - serve: Serves one connection, in a task; when it returns, the connection is closed.
    public static func webSocket(
        at path: String,
        configuration: WebSocketConfiguration = .init(),
        accept: @escaping @Sendable (HTTPRequestHead) -> HTTPHeaders? = { _ in [:] },
        serve: @escaping @Sendable (WebSocket) async throws -> Void
    ) -> HTTP1Upgrade {
        let wanted = withoutSlash(path)
        return HTTP1Upgrade(to: "websocket") { request, channel in
            guard withoutSlash(Self.path(of: request)) == wanted, let headers = accept(request) else {
                return channel.eventLoop.makeSucceededFuture(.notHere)
            }
            if let refusal = refusal(of: request) { return channel.eventLoop.makeSucceededFuture(refusal) }
            // SwiftNIO computes the header that proves that the request has been understood.
            let upgrader = NIOWebSocketServerUpgrader(
                shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(headers) },
                upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
            )
            return upgrader.buildUpgradeResponse(
                channel: channel,
                upgradeRequest: request,
                initialResponseHeaders: [:]
            ).map { headers in
                .accepted(headers: headers) { try setUp($0, configuration, serve) }
            }
        }
    }

    private static func withoutSlash(_ path: String) -> String {
        path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// What is wrong with a handshake (RFC 6455, 4.2.1).
    private static func refusal(of request: HTTPRequestHead) -> Answer? {
        guard request.method == .GET else {
            return .refused(
                .methodNotAllowed,
                headers: ["allow": "GET"],
                reason: "a WebSocket is opened with GET, and not with \(request.method.rawValue)"
            )
        }
        let versions = request.headers["sec-websocket-version"]
        guard versions == ["13"] else {
            let sent = versions.isEmpty ? "missing" : "'\(versions.joined(separator: ", "))'"
            return .refused(
                .upgradeRequired,
                headers: ["sec-websocket-version": "13", "upgrade": "websocket"],
                reason: "Sec-WebSocket-Version is \(sent); the version that is served is 13"
            )
        }
        let keys = request.headers["sec-websocket-key"]
        guard keys.count == 1, let key = keys.first, isKey(key) else {
            let sent = keys.isEmpty ? "missing" : "'\(keys.joined(separator: ", "))'"
            return .refused(
                .badRequest,
                reason: "Sec-WebSocket-Key is \(sent); it must be 16 bytes in Base64, once"
            )
        }
        return nil
    }

    /// 16 bytes are 22 characters of Base64, and two of padding.
    private static func isKey(_ key: String) -> Bool {
        let bytes = Array(key.utf8)
        guard bytes.count == 24, key.hasSuffix("==") else { return false }
        return bytes.dropLast(2).allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                true
            default: false
            }
        }
    }
}

extension HTTP1Upgrade {
    private static func setUp(
        _ connection: UpgradedConnection,
        _ configuration: WebSocketConfiguration,
        _ serve: @escaping @Sendable (WebSocket) async throws -> Void
    ) throws -> Work {
        let (handler, messages) = WebSocketMessageHandler.make(on: connection.channel.eventLoop)
        var configuration = configuration
        if let drain = connection.drainTimeout {
            // The drain is to find nothing left to cut.
            configuration.closeTimeout = min(configuration.closeTimeout, max(drain - .seconds(1), drain / 2))
        }
        try connection.addHandlers(
            WebSocketFrameEncoder(),
            ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: configuration.frameLimit)),
            WebSocketDrainHandler(
                path: path(of: connection.request),
                configuration: configuration,
                report: connection.report
            ),
            NIOWebSocketFrameAggregator(
                minNonFinalFragmentSize: 0,
                // A fragment costs memory, too, whatever is in it: 64 bytes on the average, in a long message.
                maxAccumulatedFrameCount: 1024 + configuration.maxMessageSize / 64,
                maxAccumulatedFrameSize: configuration.maxMessageSize
            ),
            handler
        )
        let socket = WebSocket(
            request: connection.request,
            messages: messages,
            channel: connection.channel,
            handler: handler
        )
        return {
            do {
                try await serve(socket)
                await socket.close()
            } catch {
                await socket.close(.unexpectedServerError)
            }
        }
    }
}
