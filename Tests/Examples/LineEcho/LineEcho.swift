import Baton
import BatonNIO
import Logging
import NIOCore
import NIOExtras
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A server of a protocol of one's own, without HTTP: it answers each line with its process, the line's number in it, and the line.
///
///     line-echo                                    listens on 127.0.0.1:7000
///     baton run --port 7000 --notify -- line-echo  the next version on HUP
///     systemd-socket-activate -l 7000 line-echo    as under a socket unit
@main
struct LineEcho {
    @MainActor
    static func main() async throws {
        // First, while there is one thread: it clears the variables that passed the sockets.
        let activation = try Activation.take(elseBind: [.tcp(host: "127.0.0.1", port: 7000)], named: "line")
        let logger = Logger(label: "line-echo")
        let answered = Answered()

        let server = PipelineServer(named: "line", logger: logger) { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(ByteToMessageHandler(LineBasedFrameDecoder()))
                // Behind what makes lines of bytes, before what answers them: it ends the connection when the server stops.
                try pipeline.addHandler(IdleDrainHandler())
                try pipeline.addHandler(Echo(answered))
            }
        }
        try await server.run(on: activation)
        logger.info("answered \(answered.count.load(ordering: .relaxed)) lines")
    }
}

/// How many lines have been answered.
final class Answered: Sendable {
    let count = Atomic(0)
}

/// Answers a line as it comes.
final class Echo: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let answered: Answered

    init(_ answered: Answered) {
        self.answered = answered
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let line = String(buffer: unwrapInboundIn(data))
        let number = answered.count.add(1, ordering: .relaxed).newValue
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "\(getpid()) \(number) \(line)\n")), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
