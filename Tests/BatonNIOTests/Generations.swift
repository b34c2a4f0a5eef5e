import NIOCore
import NIOHTTP1
import NIOPosix
import Systemd

@testable import Baton
@testable import BatonNIO

/// Servers of HTTP/1.1, each of which hands its connections to the next; a request is answered with its method, path and body,
/// `/who` with the number of the generation.
final class Generations {
    private typealias Server = DrainingServer<any Channel>
    private let holder: Holder
    private let drain: DrainConfiguration
    private var serving: (server: Server, succession: Succession, end: Task<DrainOutcome, any Error>)
    /// The number of the one that serves.
    private(set) var number = 1

    init(drain: DrainConfiguration = .init(timeout: .seconds(10), linger: .seconds(5))) throws {
        holder = try Holder()
        self.drain = drain
        serving = try Self.start(1, holder, drain, carriers: [])
    }

    var port: UInt16 { holder.port }

    /// What its connections are at.
    func census() async -> ConnectionCensus { await serving.server.census() }

    /// Starts the next generation and has this one drain.
    ///
    /// - Returns: The end of this one, and what became of its connections.
    func restart() throws -> (end: Task<DrainOutcome, any Error>, report: () -> String?) {
        let old = serving
        var carriers: [CarrierReader] = []
        if let (descriptor, name) = old.succession.openDirect() {
            carriers.append(CarrierReader(OwnedDescriptor(descriptor), name: name))
        }
        number += 1
        serving = try Self.start(number, holder, drain, carriers: carriers)
        old.server.stop(handedOverTo: 1)
        return (old.end, { old.server.handOverReport })
    }

    /// Stops the one that serves, without a successor.
    func stop() async throws -> DrainOutcome {
        serving.server.stop()
        return try await serving.end.value
    }

    private static func start(
        _ number: Int,
        _ holder: Holder,
        _ drain: DrainConfiguration,
        carriers: [CarrierReader]
    ) throws -> (server: Server, succession: Succession, end: Task<DrainOutcome, any Error>) {
        let store = FDStore(notifier: ServiceNotifier(connectedTo: nil), inherited: [])
        let logger = Records().logger
        let succession = Succession(server: "http", carriers: carriers, store: store, logger: logger)
        let server = try Server(
            sockets: holder.sockets,
            succession: succession,
            ownsBacklog: false,
            group: MultiThreadedEventLoopGroup.singleton,
            drain: drain,
            idleExit: nil,
            admission: nil,
            logger: logger
        ) { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: false)
                try pipeline.addHandler(HTTP1DrainHandler(linger: .init(drain.linger)))
                try pipeline.addHandler(Echoing(generation: number))
                return channel
            }
        }
        return (server, succession, Task { try await server.serve() })
    }
}

private final class Echoing: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart
    private let generation: Int
    private var text = ""

    init(generation: Int) {
        self.generation = generation
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): text = "\(head.method) \(head.uri) "
        case .body(let bytes): text += String(buffer: bytes)
        case .end:
            let body = ByteBuffer(string: text == "GET /who " ? "\(generation)" : text)
            let headers: HTTPHeaders = ["content-length": "\(body.readableBytes)"]
            let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }
}
