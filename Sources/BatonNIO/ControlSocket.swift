package import Baton
package import Logging
package import NIOCore
internal import NIOPosix

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Answers what is asked on the service's control socket; see ``Baton/ControlProtocol``.
package final class ControlSocket: Sendable {
    /// How long a client may take to ask.
    private static let patience = TimeAmount.seconds(10)

    private let channel: any Channel

    private init(channel: any Channel) {
        self.channel = channel
    }

    /// Makes the socket; only this user and root can reach it.
    ///
    /// - Parameters:
    ///   - path: Where; a socket that is left there is replaced.
    ///   - group: Whose event loops it uses.
    ///   - logger: Where it says what goes wrong.
    ///   - answer: Called with each question.
    /// - Throws: What makes binding fail.
    package static func open(
        path: String,
        group: any EventLoopGroup,
        logger: Logger,
        answer: @escaping @Sendable (String) async -> ControlProtocol.Answer
    ) async throws -> ControlSocket {
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ControlHandler(patience: patience, logger: logger, answer: answer)
                    )
                }
            }
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        // SwiftNIO does not make it close-on-exec.
        try await channel.eventLoop.submit {
            let options = channel.pipeline.syncOperations
            try options.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { descriptor in
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            }
        }.get()
        // The directory is the service's own; this is for one that is not.
        _ = chmod(path, S_IRUSR | S_IWUSR)
        return ControlSocket(channel: channel)
    }

    /// Closes it; what has been asked is still answered. SwiftNIO takes its path away.
    package func close() async {
        try? await channel.close()
    }
}

/// One connection to the control socket.
private final class ControlHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let patience: TimeAmount
    private let logger: Logger
    private let answer: @Sendable (String) async -> ControlProtocol.Answer
    private var received = ByteBuffer()
    private var hasAsked = false
    private var timer: Scheduled<Void>?

    init(
        patience: TimeAmount,
        logger: Logger,
        answer: @escaping @Sendable (String) async -> ControlProtocol.Answer
    ) {
        self.patience = patience
        self.logger = logger
        self.answer = answer
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasAsked else { return }
        received.writeImmutableBuffer(unwrapInboundIn(data))
        guard let end = received.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) else {
            if received.readableBytes > ControlProtocol.longestLine { context.close(promise: nil) }
            return
        }
        hasAsked = true
        timer?.cancel()
        let question = received.readString(length: end - received.readerIndex) ?? ""
        let (channel, answer) = (context.channel, answer)
        Task {
            let line = await answer(question).line
            // A client that has gone away does not want to know.
            try? await channel.writeAndFlush(ByteBuffer(string: line + "\n"))
            try? await channel.close()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("control socket: \(error)")
        context.close(promise: nil)
    }
}
