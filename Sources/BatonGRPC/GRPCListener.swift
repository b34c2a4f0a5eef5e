#if GRPC
import CSystemd
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import NIOCore
import NIOPosix
import SystemPackage
import Systemd

/// The listener that gRPC believes to have: connections come out of it that somebody else has accepted.
///
/// gRPC's transport wants a channel to take connections from. This one reads a pipe, through which nothing ever comes; what goes
/// into its pipeline are connections that are set up already. So gRPC has no listen socket.
final class GRPCListener: HTTP2ServerTransport.ListenerFactory, Sendable {
    typealias Configurator = HTTP2ServerTransport.ConnectionConfigurator
    typealias Connection = Configurator.ConnectionChannel

    private struct Open: Sendable {
        let channel: any Channel
        let configurator: Configurator
    }

    let eventLoopGroup: any EventLoopGroup
    private let isExpected = Locked(false)
    private let open = Locked<Open?>(nil)
    private let opened = AsyncStream.makeStream(of: Void.self)
    /// The end of the pipe that would be written to: while it is open, the other one has no end.
    private let writer = Locked<SystemPackage.FileDescriptor?>(nil)

    init(eventLoopGroup: any EventLoopGroup) {
        self.eventLoopGroup = eventLoopGroup
    }

    deinit { try? writer.withLock { $0 }?.close() }

    /// To be called before gRPC asks for a listener.
    func expect() {
        isExpected.withLock { $0 = true }
    }

    func makeListeningChannel(
        listenerConfigurator: HTTP2ServerTransport.ListenerConfigurator,
        connectionConfigurator: Configurator
    ) async throws -> NIOAsyncChannel<Connection, Never> {
        guard isExpected.withLock({ $0 }) else {
            throw RuntimeError(
                code: .transportError,
                message: "a server with the transport .http2Activated() has no sockets in serve(): call runService(on:)"
            )
        }
        var ends: (CInt, CInt) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &ends) { bytes in
            bytes.withMemoryRebound(to: CInt.self) { csystemd_pipe($0.baseAddress) }
        }
        guard result == 0 else { throw Errno(rawValue: -result) }
        let (reader, writer) = (ends.0, SystemPackage.FileDescriptor(rawValue: ends.1))
        self.writer.withLock { $0 = writer }
        let listener: NIOAsyncChannel<Connection, Never>
        do {
            listener = try await NIOPipeBootstrap(group: eventLoopGroup)
                .takingOwnershipOfDescriptor(input: reader) { channel in
                    channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
                }
        } catch {
            try? SystemPackage.FileDescriptor(rawValue: reader).close()
            throw error
        }
        open.withLock { $0 = Open(channel: listener.channel, configurator: connectionConfigurator) }
        opened.continuation.yield()
        return listener
    }

    /// Waits until gRPC takes connections; returns as well after ``finish()``, and when the task is cancelled.
    func waitUntilOpen() async {
        for await _ in opened.stream { break }
    }

    /// It will not be opened any more.
    func finish() {
        opened.continuation.finish()
    }

    /// How gRPC has a connection set up; nil before it takes connections.
    var configurator: Configurator? { open.withLock { $0 }?.configurator }

    /// Gives gRPC a connection that is set up, and returns when it is closed.
    func serve(_ connection: Connection, _ channel: any Channel) async {
        let isTaken = await give(connection)
        // Closed before it goes out of scope: SwiftNIO stops the program at an open one that nobody has taken.
        if !isTaken { try? await channel.close() }
        try? await channel.closeFuture.get()
        withExtendedLifetime(connection) {}
    }

    private func give(_ connection: Connection) async -> Bool {
        guard let listener = open.withLock({ $0 })?.channel else { return false }
        let given = listener.eventLoop.submit {
            guard listener.isActive else { return false }
            let pipeline = listener.pipeline.syncOperations
            pipeline.fireChannelRead(NIOAny(connection))
            pipeline.fireChannelReadComplete()
            return true
        }
        return (try? await given.get()) ?? false
    }

    /// Tells gRPC that no more connections come: its server ends when it has served those it has.
    func close() async {
        guard let listener = open.withLock({ $0 })?.channel else { return }
        try? await listener.close()
    }
}
#endif
