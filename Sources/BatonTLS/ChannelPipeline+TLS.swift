internal import BatonNIO
public import NIOCore
public import NIOSSL
internal import NIOTLS

extension ChannelPipeline.SynchronousOperations {
    /// Puts TLS in front of a server's pipeline, the rest of which is configured when the handshake has shown the protocol.
    ///
    /// In a drain, a client that has sent nothing is waited for until the linger is over, and one whose handshake has begun until the grace
    /// is. What is configured behind TLS is told of a drain that has begun before, and ends its connection with `close_notify` as it would
    /// with FIN.
    ///
    /// - Parameters:
    ///   - context: The certificate, from ``TLSCertificate/context(applicationProtocols:configure:)``.
    ///   - linger: How long a drain waits for a handshake to begin.
    ///   - requestGrace: How long it waits for the end of one that has begun.
    ///   - idleTimeout: How long a handshake may take while serving; nil is without limit.
    ///   - configure: Adds the handlers of the protocol that ALPN has chosen, nil for none, at the end of the pipeline, before it
    ///     returns. Called on the event loop.
    /// - Returns: What `configure` has returned, when the handshake is complete; it fails if the handshake does.
    /// - Throws: If the pipeline's channel is closed.
    public func configureTLS<Connection: Sendable>(
        context: NIOSSLContext,
        linger: TimeAmount,
        requestGrace: TimeAmount = .seconds(5),
        idleTimeout: TimeAmount? = nil,
        configure: @escaping @Sendable (_ applicationProtocol: String?) -> EventLoopFuture<Connection>
    ) throws -> EventLoopFuture<Connection> {
        let promise = eventLoop.makePromise(of: Connection.self)
        let transport = TLSTransportHandler()
        let undecided = UndecidedHandler<String?, Connection>(
            patience: .init(serving: idleTimeout, linger: linger, grace: requestGrace),
            signs: .init(
                hasBegun: { transport.hasReceived },
                bytes: { _ in nil },
                event: { event in
                    guard case TLSUserEvent.handshakeCompleted(let name) = event else { return nil }
                    return .some(name)
                },
                end: nil,
                waitsFor: "the TLS handshake"
            ),
            promise: promise,
            configure: configure
        )
        do {
            try addTLS(context: context, transport: transport)
            try addHandler(undecided)
        } catch {
            promise.fail(error)
            throw error
        }
        return promise.futureResult
    }

    /// Puts TLS at the end of a server's pipeline, for a protocol that needs no negotiation.
    package func addTLS(context: NIOSSLContext) throws {
        try addTLS(context: context, transport: TLSTransportHandler())
    }

    private func addTLS(context: NIOSSLContext, transport: TLSTransportHandler) throws {
        try addHandlers(transport, NIOSSLServerHandler(context: context), TLSCloseHandler(transport: transport))
    }
}
