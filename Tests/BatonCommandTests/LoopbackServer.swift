import NIOCore
import NIOPosix
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A server on a free port of the loopback that does to each request what a test says, right or wrong.
final class LoopbackServer: Sendable {
    enum Deed: Sendable {
        /// Write this, byte for byte, and keep the connection.
        case write(String)
        case writeLater(String, TimeAmount)
        case writeAndClose(String)
        case writeAndReset(String)
        case writeAndCloseLater(String, TimeAmount)
        /// When nobody can connect any more.
        case writeRefusing(String)
        case ignore

        static let reset = writeAndReset("")
        static let close = writeAndClose("")
    }

    struct Moment: Sendable {
        /// From 0: the connections in the order of their arrival, the requests of this one.
        var connection: Int
        var request: Int
        var text: String
        /// How many reads it came in with.
        var reads: Int
    }

    let port: Int
    private let channel: any Channel
    private let connections: Connections

    /// `greeting` is done to a connection that has not sent anything, `deed` when a request has come in completely.
    static func with<R: Sendable>(
        greeting: @escaping @Sendable (_ connection: Int) -> Deed = { _ in .ignore },
        _ deed: @escaping @Sendable (Moment) -> Deed,
        run: (LoopbackServer) async throws -> R
    ) async throws -> R {
        let server = try await LoopbackServer(greeting: greeting, deed)
        do {
            let result = try await run(server)
            try await server.close()
            return result
        } catch {
            try await server.close()
            throw error
        }
    }

    private func close() async throws {
        // It can have been closed for `writeRefusing`.
        do { try await channel.close() } catch ChannelError.alreadyClosed {}
    }

    private init(
        greeting: @escaping @Sendable (Int) -> Deed,
        _ deed: @escaping @Sendable (Moment) -> Deed
    ) async throws {
        let counter = Counter()
        let connections = Connections()
        self.connections = connections
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton.next())
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let number = counter.next()
                    connections.add(channel)
                    try Self.keepFromChildren(channel)
                    try channel.pipeline.syncOperations.addHandler(
                        Handler(connection: number, greeting: greeting(number), deed: deed, connections)
                    )
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        let listener = channel
        connections.listener.withLock { $0 = listener }
    }

    /// A restart command of any test that held the connection would keep it open beyond the server's close.
    private static func keepFromChildren(_ channel: any Channel) throws {
        try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            _ = fcntl($0, F_SETFD, FD_CLOEXEC)
        }
    }

    /// Closes all connections there are, with FIN.
    func closeConnections() { connections.close() }

    private final class Connections: Sendable {
        private let channels = Mutex<[any Channel]>([])
        /// Set before there is a connection.
        let listener = Mutex<(any Channel)?>(nil)

        func add(_ channel: any Channel) { channels.withLock { $0.append(channel) } }

        func close() {
            for channel in channels.withLock({ $0 }) { channel.close(promise: nil) }
        }
    }

    private final class Counter: Sendable {
        private let value = Mutex(0)

        func next() -> Int {
            value.withLock { value in
                defer { value += 1 }
                return value
            }
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let connection: Int
        private let greeting: Deed
        private let deed: @Sendable (Moment) -> Deed
        private let connections: Connections
        private var requests = 0
        private var reads = 0
        private var text = ""

        init(
            connection: Int,
            greeting: Deed,
            deed: @escaping @Sendable (Moment) -> Deed,
            _ connections: Connections
        ) {
            (self.connection, self.greeting, self.deed) = (connection, greeting, deed)
            self.connections = connections
        }

        func channelActive(context: ChannelHandlerContext) { perform(greeting, context) }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(buffer: unwrapInboundIn(data))
            reads += 1
            guard isComplete else { return }
            let moment = Moment(connection: connection, request: requests, text: text, reads: reads)
            requests += 1
            (text, reads) = ("", 0)
            perform(deed(moment), context)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private var isComplete: Bool {
            text.hasPrefix("GET") ? text.hasSuffix("\r\n\r\n") : text.hasSuffix("\r\n\r\nduration=1ms")
        }

        private func perform(_ deed: Deed, _ context: ChannelHandlerContext) {
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            switch deed {
            case .ignore: break
            case .write(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            case .writeLater(let text, let delay):
                context.eventLoop.scheduleTask(in: delay) {
                    bound.value.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
                }
            case .writeAndClose(let text):
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text))).whenComplete { _ in
                    bound.value.close(promise: nil)
                }
            case .writeAndCloseLater(let text, let delay):
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
                context.eventLoop.scheduleTask(in: delay) { bound.value.close(promise: nil) }
            case .writeRefusing(let text):
                let listener = connections.listener.withLock { $0 }
                listener?.close().hop(to: context.eventLoop).whenComplete { _ in
                    bound.value.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
                }
            case .writeAndReset(let text):
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text))).whenComplete { _ in
                    // A linger time of zero makes close(2) send RST instead of FIN, socket(7).
                    (bound.value.channel as? any SocketOptionProvider)?
                        .setSoLinger(linger(l_onoff: 1, l_linger: 0))
                        .whenComplete { _ in bound.value.close(promise: nil) }
                }
            }
        }
    }
}
