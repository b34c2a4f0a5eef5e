import NIOCore
import NIOPosix
import NIOSSL

/// A server on a free port of the loopback that speaks what a test makes of its connections, with TLS or without.
struct SecureServer: Sendable {
    let port: Int
    private let channel: any Channel

    /// - Parameters:
    ///   - protocols: By ALPN, the best first; nil without TLS.
    ///   - prepare: Adds the handlers of a connection; they come after TLS.
    static func with<R: Sendable>(
        protocols: [String]?,
        _ prepare: @escaping @Sendable (any Channel) throws -> Void,
        run: (SecureServer) async throws -> R
    ) async throws -> R {
        let context = try protocols.map { try makeContext($0) }
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton.next())
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try prepare(channel)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let result = try await run(SecureServer(port: channel.localAddress?.port ?? 0, channel: channel))
            try await channel.close()
            return result
        } catch {
            try await channel.close()
            throw error
        }
    }

    private static func makeContext(_ protocols: [String]) throws -> NIOSSLContext {
        let certificate = try NIOSSLCertificate(bytes: Array(Self.certificate.utf8), format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(certificate)],
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))
        )
        configuration.applicationProtocols = protocols
        return try NIOSSLContext(configuration: configuration)
    }

    /// Of `127.0.0.1` and `localhost`, signed by itself; made once with openssl(1).
    static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBZDCCAQugAwIBAgIBATAKBggqhkjOPQQDAjATMREwDwYDVQQDDAhsb29wYmFj
        azAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowEzERMA8GA1UEAwwI
        bG9vcGJhY2swWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAReZzi+pJ9/nEfu4UFG
        wFC03RbyohFW+1z3zYfn9Eqs1EUilbc4sMp2r2xYfGGJ0dtduC8+dvHmPuEWNsT6
        a9H9o04wTDAPBgNVHRMBAf8EBTADAQH/MBoGA1UdEQQTMBGHBH8AAAGCCWxvY2Fs
        aG9zdDAdBgNVHQ4EFgQUHWFs35iK5WBs/uFZi+s5jJ1ATIswCgYIKoZIzj0EAwID
        RwAwRAIgf1sb+kgO2hTJ/1IUAVEKA933iF7Kd9JUZ63zzHzx1TUCIGNa/4QCOJjF
        sJrXxEf7cB7nEE3jIT7wdBPkYE0rRQZ2
        -----END CERTIFICATE-----
        """

    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgx4MyzH6ZMd3Mk/lH
        NvYhq9KEVwxwOwDFHtlPLHRzeRKhRANCAAReZzi+pJ9/nEfu4UFGwFC03RbyohFW
        +1z3zYfn9Eqs1EUilbc4sMp2r2xYfGGJ0dtduC8+dvHmPuEWNsT6a9H9
        -----END PRIVATE KEY-----
        """
}
