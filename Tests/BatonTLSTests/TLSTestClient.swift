import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization

/// A client that knows whether the server has ended a connection with `close_notify`.
final class TLSTestClient: Sendable {
    /// What has come so far.
    struct Received {
        var text = ""
        var bytes = 0
        var errors: [String] = []
        var isEnded = false
        var isReady = false
    }

    let channel: any Channel
    private let shared: Recorder.Shared

    private init(channel: any Channel, recorder: Recorder) {
        self.channel = channel
        self.shared = recorder.shared
    }

    var now: Received { shared.received.withLock { $0 } }

    /// Opens a connection, and completes the handshake.
    static func connect(to port: Int, reading: Bool) async throws -> TLSTestClient {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        let context = try NIOSSLContext(configuration: configuration)
        let recorder = Recorder()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let tls = try NIOSSLClientHandler(context: context, serverHostname: nil)
                    try channel.pipeline.syncOperations.addHandlers(tls, recorder.handler())
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let client = TLSTestClient(channel: channel, recorder: recorder)
        try await client.wait { $0.isReady || $0.isEnded }
        if !reading { try await channel.setOption(.autoRead, value: false).get() }
        return client
    }

    func send(_ path: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: "GET \(path) HTTP/1.1\r\nHost: test\r\n\r\n"))
    }

    /// Asks for an empty response, and waits for it.
    func get(_ path: String) async throws -> String {
        try await send(path)
        try await wait { $0.text.hasSuffix("\r\n\r\n") || $0.isEnded }
        return now.text
    }

    /// Waits until the server has ended the connection.
    func waitForEnd() async throws -> Received {
        try await wait { $0.isEnded }
        return now
    }

    /// Begins to read, and waits until the server has ended the connection.
    func readToTheEnd() async throws -> Received {
        try await channel.setOption(.autoRead, value: true).get()
        channel.read()
        return try await waitForEnd()
    }

    func close() async throws {
        try? await channel.close()
    }

    private func wait(_ isTrue: (Received) -> Bool) async throws {
        if isTrue(now) { return }
        for await _ in shared.changes where isTrue(now) { return }
    }

    struct Recorder: Sendable {
        final class Shared: Sendable {
            let received = Mutex(Received())
            let changes: AsyncStream<Void>
            let change: AsyncStream<Void>.Continuation
            init() { (changes, change) = AsyncStream.makeStream(of: Void.self) }

            func note(_ body: (inout Received) -> Void) {
                received.withLock { body(&$0) }
                change.yield()
            }
        }
        let shared = Shared()

        func handler() -> Handler { Handler(shared) }
    }

    final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let shared: Recorder.Shared

        init(_ shared: Recorder.Shared) { self.shared = shared }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            shared.note {
                $0.bytes += bytes.readableBytes
                if $0.text.utf8.count < 4096 { $0.text += String(buffer: bytes).prefix(4096) }
            }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case TLSUserEvent.handshakeCompleted = event { shared.note { $0.isReady = true } }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            shared.note { $0.errors.append("\(error)") }
        }

        func channelInactive(context: ChannelHandlerContext) {
            shared.note { $0.isEnded = true }
        }
    }
}
