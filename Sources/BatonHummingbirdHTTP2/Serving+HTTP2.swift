public import BatonHummingbird
internal import BatonHTTP2
public import BatonNIO
public import BatonTLS
public import HummingbirdHTTP2
internal import NIOCore
public import NIOSSL

extension Serving {
    /// HTTP/1.1, and HTTP/2 without TLS for clients that know it (`curl --http2-prior-knowledge`).
    ///
    /// The first bytes of a connection tell which it is. The application must still have `server: .http1()`.
    ///
    /// - Parameters:
    ///   - configuration: The configuration of the HTTP/2 channels, and in it that of the HTTP/1.1 channels and of the streams.
    ///   - upgrades: Other protocols to which a client can change an HTTP/1.1 connection.
    public static func http(
        _ configuration: HTTP2Channel.Configuration = .init(),
        upgrades: [HTTP1Upgrade] = []
    ) -> Serving {
        Serving { context in
            let protocols = HTTPProtocols(configuration, upgrades, context)
            return { channel in
                protocols.negotiate {
                    try channel.pipeline.syncOperations.configureByFirstBytes(
                        linger: context.linger,
                        requestGrace: context.requestGrace,
                        idleTimeout: protocols.idleTimeout
                    ) { first in
                        first == .http2 ? protocols.setUpHTTP2(channel) : protocols.setUpHTTP1(channel)
                    }
                } on: {
                    channel.eventLoop
                }
            }
        }
    }

    /// HTTP/2 and HTTP/1.1 over TLS; ALPN chooses.
    ///
    /// - Parameters:
    ///   - certificate: The server's certificate; `TLSCertificate.reload()` belongs into `Lifecycle.reload`.
    ///   - configuration: The configuration of the HTTP/2 channels, and in it that of the HTTP/1.1 channels and of the streams.
    ///   - upgrades: Other protocols to which a client can change an HTTP/1.1 connection.
    ///   - tls: Changes the TLS configuration beyond the certificate.
    public static func https(
        _ certificate: TLSCertificate,
        _ configuration: HTTP2Channel.Configuration = .init(),
        upgrades: [HTTP1Upgrade] = [],
        tls: @escaping @Sendable (inout TLSConfiguration) -> Void = { _ in }
    ) -> Serving {
        Serving { context in
            let protocols = HTTPProtocols(configuration, upgrades, context)
            let tls = try certificate.context(applicationProtocols: ["h2", "http/1.1"], configure: tls)
            return { channel in
                protocols.negotiate {
                    try channel.pipeline.syncOperations.configureTLS(
                        context: tls,
                        linger: context.linger,
                        requestGrace: context.requestGrace,
                        idleTimeout: protocols.idleTimeout
                    ) { name in
                        name == "h2" ? protocols.setUpHTTP2(channel) : protocols.setUpHTTP1(channel)
                    }
                } on: {
                    channel.eventLoop
                }
            }
        }
    }
}
