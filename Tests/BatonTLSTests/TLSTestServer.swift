import Baton
import BatonNIO
import BatonTLS
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
@testable import Systemd

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A server of HTTP/1.1 over TLS, which answers everything with a body of a size that the path says: `/1000`. With `?close` it closes the
/// connection right behind that, and with `?giveup` it says that it does not wait for the client.
struct TLSTestServer: Sendable {
    let port: Int
    let server: DrainingServer<EventLoopFuture<any Channel>>
    private let serving: Task<DrainOutcome, any Error>

    static func start(
        _ certificate: TLSCertificate,
        drain: DrainConfiguration = .init(timeout: .seconds(10), linger: .milliseconds(100))
    ) async throws -> TLSTestServer {
        let context = try certificate.context(applicationProtocols: ["http/1.1"])
        let listener = try ListenAddress.tcp(host: "127.0.0.1", port: 0).listen()
        guard case .ipv4(_, let port) = Systemd.SocketAddress(localOf: listener) else { preconditionFailure() }
        var sockets = ListenSockets()
        sockets.append(owning: listener, name: "https")
        let linger = TimeAmount(drain.linger)
        let server = try DrainingServer(
            sockets: sockets,
            ownsBacklog: false,
            group: MultiThreadedEventLoopGroup.singleton,
            drain: drain,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.configureTLS(context: context, linger: linger) { _ in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.configureHTTPServerPipeline(
                            withPipeliningAssistance: false,
                            withErrorHandling: false
                        )
                        try pipeline.addHandler(HTTP1DrainHandler(linger: linger))
                        try pipeline.addHandler(SizedAnswers())
                        return channel
                    }
                }
            }
        }
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let serving = Task {
            defer { start.finish() }
            return try await server.run(started: { start.yield() }) { connection in
                try? await connection.get().closeFuture.get()
            }
        }
        for await _ in started { break }
        return TLSTestServer(port: Int(port), server: server, serving: serving)
    }

    /// Drains it.
    @discardableResult
    func stop() async throws -> DrainOutcome {
        server.stop()
        return try await serving.value
    }

    func connect(reading: Bool = true) async throws -> TLSTestClient {
        try await TLSTestClient.connect(to: port, reading: reading)
    }

    /// The common name of the certificate that a new connection is shown.
    func certificateName() async throws -> String {
        let client = try await connect()
        let certificate = try await client.channel.nioSSL_peerCertificate().get()
        try await client.close()
        let text = certificate.map { "\($0)" } ?? "none"
        return text.firstMatch(of: /common_name=([a-z]+)/).map { String($0.1) } ?? text
    }
}

private final class SizedAnswers: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart
    private var (size, word) = (0, "")

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            let parts = head.uri.dropFirst().split(separator: "?")
            (size, word) = (parts.first.flatMap { Int($0) } ?? 0, parts.count > 1 ? String(parts[1]) : "")
        case .body: break
        case .end:
            let headers: HTTPHeaders = ["content-length": "\(size)"]
            context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: .ok, headers: headers))), promise: nil)
            let body = ByteBuffer(repeating: 65, count: size)
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            if word == "giveup" { context.triggerUserOutboundEvent(UnsentIsGivenUp(), promise: nil) }
            if !word.isEmpty { context.close(promise: nil) }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }
}
