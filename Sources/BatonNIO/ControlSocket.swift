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

/// Answers what is asked on the service's control socket; see `ControlProtocol`.
package final class ControlSocket: Sendable {
    /// How long a client may take to ask.
    private static let patience = TimeAmount.seconds(10)

    private let channel: any Channel
    private let path: String
    private let identity: Identity?

    private init(channel: any Channel, path: String, identity: Identity?) {
        self.channel = channel
        self.path = path
        self.identity = identity
    }

    /// Tells the socket that is at a path from one that has taken its place.
    private struct Identity: Equatable {
        let device: UInt64
        let inode: UInt64

        init?(_ path: String) {
            var status = stat()
            guard lstat(path, &status) == 0 else { return nil }
            (device, inode) = (UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino))
        }
    }

    /// Makes the socket; only this user and root can reach it.
    ///
    /// - Parameters:
    ///   - path: Where; a socket that is there, left by an earlier process or still used by the predecessor, is replaced, and at
    ///     no moment is there none.
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
        let place = "\(path).\(getpid())"
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ControlHandler(patience: patience, logger: logger, answer: answer)
                    )
                }
            }
            .bind(unixDomainSocketPath: place, cleanupExistingSocketFile: true).get()
        // SwiftNIO does not make it close-on-exec.
        try await channel.eventLoop.submit {
            let options = channel.pipeline.syncOperations
            try options.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { descriptor in
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            }
        }.get()
        // The directory is the service's own; this is for one that is not.
        _ = chmod(place, S_IRUSR | S_IWUSR)
        let identity = Identity(place)
        guard rename(place, path) == 0 else {
            let failure = IOError(errnoCode: errno, reason: "rename(2) to \(path)")
            try? await channel.close()
            throw failure
        }
        return ControlSocket(channel: channel, path: path, identity: identity)
    }

    /// Closes it; what has been asked is still answered.
    ///
    /// - Parameter leavesPath: Whether its path stays: another process replaces it.
    package func close(leavesPath: Bool = false) async {
        // SwiftNIO removes the path at which it was made, which is not this one.
        if !leavesPath, let identity, identity == Identity(path) { _ = unlink(path) }
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
