#if GRPC
internal import BatonHTTP2
public import GRPCCore
public import GRPCNIOTransportHTTP2Posix
internal import NIOCore
public import NIOPosix
internal import Systemd

extension HTTP2ServerTransport {
    /// gRPC over HTTP/2, on sockets that a process was started with; `GRPCServer` has `runService(on:)` for it.
    ///
    /// Connections are accepted by the loop of `BatonNIO`, and everything behind that is gRPC's own: the transport that
    /// grpc-swift-nio-transport has for listeners of others (`HTTP2ServerTransport.Custom`). What it offers for sockets that are
    /// open already, `listeningSocketDescriptor:`, calls `listen(2)`, which changes the backlog for all who hold the socket, and
    /// loses connections that are accepted while it closes, so it is not used.
    ///
    /// - Connections are drained, never handed over: their state cannot leave the process.
    /// - A call is not cancelled because the server stops, as it is with other transports: it has until the drain's deadline. Handlers
    ///   learn of the drain by `gracefulShutdown()` and `withGracefulShutdownHandler` of ServiceLifecycle: those of endless streams
    ///   should. At the deadline `context.cancellation` tells them, then their task is cancelled.
    /// - `connection.maxGraceTime` of the configuration is for connections that have become too old (`maxAge`). It ends the calls that are
    ///   left without a word, also in a drain, where the drain's deadline does that with a line in the log for each: leave it nil, or
    ///   longer than the drain may take.
    /// - `context.transportSpecific`, where another transport has the client's certificate, is nil; `onBindTCPListener` is not called.
    public final class Activated: ServerTransport {
        /// The bytes of a message.
        public typealias Bytes = GRPCNIOTransportBytes
        /// As those of the transport that listens itself.
        public typealias Config = HTTP2ServerTransport.Posix.Config

        let group: any EventLoopGroup
        let listener: GRPCListener
        private let underlying: HTTP2ServerTransport.Custom<GRPCListener>
        private let shutdown = Locked<(isAsked: Bool, begin: (@Sendable () -> Void)?)>((false, nil))

        /// A transport for one server.
        ///
        /// - Parameters:
        ///   - config: As that of other transports.
        ///   - eventLoopGroup: The event loops of the connections.
        public init(
            config: Config = .defaults,
            eventLoopGroup: MultiThreadedEventLoopGroup = .singleton
        ) {
            group = eventLoopGroup
            listener = GRPCListener(eventLoopGroup: eventLoopGroup)
            var callbacks = config.channelDebuggingCallbacks
            callbacks.onAcceptHTTP2Stream = { [onAccept = callbacks.onAcceptHTTP2Stream] stream in
                let added = stream.eventLoop.makeCompletedFuture {
                    try stream.pipeline.syncOperations.addHandler(HTTP2StreamDrainHandler(), position: .first)
                }
                guard let onAccept else { return added }
                return added.flatMap { onAccept(stream) }
            }
            underlying = HTTP2ServerTransport.Custom(
                listenerFactory: listener,
                config: .init(
                    compression: config.compression,
                    connection: config.connection,
                    http2: config.http2,
                    rpc: config.rpc,
                    channelDebuggingCallbacks: callbacks
                )
            )
        }

        /// Called by the server.
        public func configure(context: GRPCServerContext) {
            underlying.configure(context: context)
        }

        /// Called by the server, and not to be called otherwise.
        ///
        /// - Throws: `RuntimeError` if the server is not run by `runService(on:)`: there are no sockets then.
        public func listen(
            streamHandler: @escaping @Sendable (RPCStream<Inbound, Outbound>, ServerContext) async -> Void
        ) async throws {
            try await underlying.listen(streamHandler: streamHandler)
        }

        /// Begins the drain, as TERM does.
        public func beginGracefulShutdown() {
            let begin = shutdown.withLock { shutdown in
                shutdown.isAsked = true
                return shutdown.begin
            }
            begin?()
        }

        /// Sets what begins the drain; that is done at once if it has been asked for.
        func shuts(down begin: @escaping @Sendable () -> Void) {
            let isAsked = shutdown.withLock { shutdown in
                shutdown.begin = begin
                return shutdown.isAsked
            }
            if isAsked { begin() }
        }
    }
}

extension ServerTransport where Self == HTTP2ServerTransport.Activated {
    /// HTTP/2, on the sockets that the process was started with.
    ///
    /// - Parameters:
    ///   - config: As that of other transports.
    ///   - eventLoopGroup: The event loops of the connections.
    public static func http2Activated(
        config: HTTP2ServerTransport.Activated.Config = .defaults,
        eventLoopGroup: MultiThreadedEventLoopGroup = .singleton
    ) -> Self {
        HTTP2ServerTransport.Activated(config: config, eventLoopGroup: eventLoopGroup)
    }
}
#endif
