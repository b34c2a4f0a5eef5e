#if GRPC
internal import BatonHTTP2
public import BatonTLS
public import GRPCNIOTransportHTTP2Posix
internal import NIOCore
public import NIOSSL

extension HTTP2ServerTransport.Activated {
    /// What is between gRPC and the bytes of a connection.
    public struct TransportSecurity: Sendable {
        typealias SetUp = @Sendable (any Channel, GRPCListener.Configurator) -> EventLoopFuture<GRPCListener.Connection>

        let make: @Sendable () throws -> SetUp

        /// Nothing.
        public static var plaintext: TransportSecurity {
            TransportSecurity { { channel, configurator in configurator.configure(channel: channel, tls: .none) } }
        }

        /// TLS. ALPN offers `h2`, and clients may do without, as with gRPC's own transport.
        ///
        /// - Parameters:
        ///   - certificate: The server's certificate; `TLSCertificate.reload()` belongs into `Lifecycle.reload`.
        ///   - configure: Changes the TLS configuration beyond the certificate: versions of TLS, certificates of clients.
        public static func tls(
            _ certificate: TLSCertificate,
            configure: @escaping @Sendable (inout TLSConfiguration) -> Void = { _ in }
        ) -> TransportSecurity {
            TransportSecurity {
                let context = try certificate.context(applicationProtocols: ["h2"], configure: configure)
                return { channel, configurator in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addTLS(context: context)
                    }
                    .flatMap { configurator.configure(channel: channel, tls: .configured(requireALPN: false)) }
                }
            }
        }
    }
}
#endif
