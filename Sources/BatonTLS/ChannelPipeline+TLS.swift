internal import BatonNIO
public import NIOCore
public import NIOSSL
internal import NIOTLS

extension ChannelPipeline.SynchronousOperations {
    /// Puts TLS in front of a server's pipeline, the rest of which is configured when the handshake has shown the protocol.
    ///
    /// In a drain, handshakes that are under way are finished, or closed when the linger is over. What is configured behind TLS is
    /// told of a drain that has begun before, and ends its connection with `close_notify` as it would with FIN.
    ///
    /// - Parameters:
    ///   - context: The certificate, from ``TLSCertificate/context(applicationProtocols:configure:)``.
    ///   - linger: How long a drain waits for a handshake.
    ///   - configure: Adds the handlers of the protocol that ALPN has chosen, nil for none, at the end of the pipeline, before it
    ///     returns. Called on the event loop.
    /// - Returns: What `configure` has returned, when the handshake is complete; it fails if the handshake does.
    /// - Throws: If the pipeline's channel is closed.
    public func configureTLS<Connection: Sendable>(
        context: NIOSSLContext,
        linger: TimeAmount,
        configure: @escaping @Sendable (_ applicationProtocol: String?) -> EventLoopFuture<Connection>
    ) throws -> EventLoopFuture<Connection> {
        let promise = eventLoop.makePromise(of: Connection.self)
        let undecided = UndecidedHandler<String?, Connection>(
            linger: linger,
            signs: .init(
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
            try addTLS(context: context)
            try addHandler(undecided)
        } catch {
            promise.fail(error)
            throw error
        }
        return promise.futureResult
    }

    /// Puts TLS at the end of a server's pipeline, for a protocol that needs no negotiation.
    package func addTLS(context: NIOSSLContext) throws {
        try addHandlers(NIOSSLServerHandler(context: context), TLSCloseHandler())
    }
}
