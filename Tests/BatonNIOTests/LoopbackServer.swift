import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Systemd

@testable import Baton
@testable import BatonNIO

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The holder's listen socket, of which each server of a test gets a duplicate.
final class Holder: Sendable {
    let listener: CInt
    let port: UInt16

    init() throws {
        listener = try ListenAddress.tcp(host: "127.0.0.1", port: 0).listen()
        guard case .ipv4(_, let port) = Systemd.SocketAddress(localOf: listener) else { preconditionFailure() }
        self.port = port
    }

    deinit { close(listener) }

    /// What a server is started with.
    var sockets: ListenSockets {
        var sockets = ListenSockets()
        sockets.append(owning: dup(listener), name: "http")
        return sockets
    }

    /// A connection that is accepted here, as a socket unit with `Accept=yes` does, and its client.
    func accepted() throws -> (connection: CInt, client: Client) {
        let client = try Client(port: port)
        return (accept(listener, nil, nil), client)
    }
}

/// A server of HTTP/1.1 that answers with what it is made with; `/hang` is never answered, `/large` with 32 MB.
func makeServer(
    _ sockets: consuming ListenSockets,
    on group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
    answer: String = "hello",
    drain: DrainConfiguration = .init(timeout: .seconds(10), linger: .milliseconds(100)),
    ownsBacklog: Bool = false,
    idleExit: Duration? = nil,
    logger: Logger = Records().logger
) throws -> DrainingServer<any Channel> {
    try DrainingServer(
        sockets: sockets,
        ownsBacklog: ownsBacklog,
        group: group,
        drain: drain,
        idleExit: idleExit,
        logger: logger
    ) { channel in
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: false)
            try pipeline.addHandler(HTTP1DrainHandler(linger: .init(drain.linger)))
            try pipeline.addHandler(Answering(answer))
            return channel
        }
    }
}

extension DrainingServer<any Channel> {
    /// Runs it, each connection until it closes.
    func serve(
        started: () -> Void = {},
        stopping: @escaping @Sendable (StopReason) -> Void = { _ in }
    ) async throws -> DrainOutcome {
        try await run(started: started, stopping: stopping) { channel in try? await channel.closeFuture.get() }
    }
}

private final class Answering: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart
    private let answer: String
    private var path = ""

    init(_ answer: String) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): path = head.uri
        case .body: break
        case .end where path == "/hang": break
        case .end:
            let body = path == "/large" ? ByteBuffer(repeating: 65, count: 32 << 20) : ByteBuffer(string: answer)
            let headers: HTTPHeaders = ["content-length": "\(body.readableBytes)"]
            context.write(
                wrapOutboundOut(.head(.init(version: .http1_1, status: .ok, headers: headers))),
                promise: nil
            )
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }
}

/// What was logged.
final class Records: Sendable {
    private let lines = Mutex<[String]>([])

    var logged: [String] { lines.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(records: self) }
    }

    private struct Handler: LogHandler {
        let records: Records
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            records.lines.withLock { $0.append("\(event.message)") }
        }
    }
}
