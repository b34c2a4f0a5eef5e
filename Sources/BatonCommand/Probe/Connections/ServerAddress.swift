import NIOCore
import NIOPosix
import NIOSSL

/// The server as connections are made to it: resolved, and with what TLS needs.
struct ServerAddress: Sendable {
    struct TLS: Sendable {
        var context: NIOSSLContext
        /// For SNI and the certificate; nil where the server is named by an address.
        var hostname: String?

        /// - Parameter host: The server's name or address.
        init(_ configuration: TLSConfiguration, host: String) throws {
            context = try NIOSSLContext(configuration: configuration)
            hostname = (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
        }
    }

    var address: SocketAddress
    var tls: TLS?

    func bootstrap(on loop: any EventLoop, timeout: Duration) -> ClientBootstrap {
        ClientBootstrap(group: loop)
            // The client's own deadline ends an attempt; NIO's, of 10 s, must not come before it.
            .connectTimeout(TimeAmount(timeout + .seconds(60)))
    }

    /// What every connection has, whatever is spoken on it.
    func prepare(_ channel: any Channel) throws {
        if address.protocol != .unix { try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1) }
        guard let tls else { return }
        let handler = try NIOSSLClientHandler(context: tls.context, serverHostname: tls.hostname)
        try channel.pipeline.syncOperations.addHandler(handler)
    }
}

extension ServerAddress {
    /// Reads the certificates. Blocks.
    ///
    /// - Parameters:
    ///   - address: The target's, resolved.
    ///   - plan: What is to be spoken there.
    init(_ address: SocketAddress, _ plan: ProbePlan) throws {
        self.address = address
        guard let options = plan.tls, case .tcp(let host, _, _) = plan.target else { return }
        var configuration = TLSConfiguration.makeClientConfiguration()
        if options.isInsecure { configuration.certificateVerification = .none }
        if let file = options.certificates { configuration.trustRoots = .file(file) }
        configuration.applicationProtocols = [plan.streams == nil ? "http/1.1" : "h2"]
        tls = try TLS(configuration, host: host)
    }
}
