public import Baton
public import Logging
public import NIOCore
public import NIOPosix
public import ServiceLifecycle
internal import Systemd
public import UnixSignals

/// A server that is a SwiftNIO pipeline, on the sockets its process was started with.
///
/// What a program has as `childChannelInitializer` of a `ServerBootstrap` is all it needs: accepting, readiness, reload, the
/// watchdog, its own restart and the drain are this server's.
///
/// ```swift
/// let activation = try Activation.take(elseBind: [.tcp(host: "127.0.0.1", port: 7000)], named: "line")
/// let server = PipelineServer(named: "line", logger: logger) { channel in
///     channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Echo()) }
/// }
/// try await server.run(on: activation)
/// ```
///
/// At the drain, the pipeline of each connection is told by ``DrainEvent/began``, and its handler for that ends it in the way of
/// its protocol: ``IdleDrainHandler`` for simple ones, ``HTTP1DrainHandler`` for HTTP/1.1. A connection whose pipeline
/// has none goes on until somebody closes it, and is cut at the drain's deadline, with a line in the log.
///
/// Channels are as those of a `ServerBootstrap`, but for options that it was given: set these in the initializer.
public struct PipelineServer<Connection: Sendable>: Sendable {
    /// The `FileDescriptorName=` of the sockets to serve. Others are closed, with a warning.
    public var name: String
    /// The event loops of the connections.
    public var group: any EventLoopGroup
    /// How long the drain may take; the linger is up to the handlers of the pipeline.
    public var drain: DrainConfiguration
    /// What the program does when it starts, reloads, idles and is asked whether it is well.
    public var lifecycle: Lifecycle
    /// Limits the number of open connections; nil is no limit.
    public var admission: (any ConnectionAdmission)?
    /// Where it is said what happens.
    public var logger: Logger
    private let initializer: @Sendable (any Channel) -> EventLoopFuture<Connection>
    private let handle: @Sendable (Connection) async throws -> Void

    /// A server whose connections are each served by a task, `NIOAsyncChannel`'s as a rule.
    ///
    /// - Parameters:
    ///   - name: The `FileDescriptorName=` of the sockets to serve.
    ///   - group: The event loops of the connections, a `MultiThreadedEventLoopGroup`.
    ///   - drain: How long the drain may take.
    ///   - lifecycle: What the program does at its turning points.
    ///   - logger: Where it is said what happens.
    ///   - childChannelInitializer: Configures a connection's pipeline, on its event loop.
    ///   - handle: Serves one connection and returns when it is closed. It is cancelled at the drain's deadline, and
    ///     `gracefulShutdown()` and its friends work in it. What it throws ends the connection, and is logged for debugging.
    public init(
        named name: String,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        drain: DrainConfiguration = .init(),
        lifecycle: Lifecycle = .init(),
        logger: Logger,
        childChannelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Connection>,
        handle: @escaping @Sendable (Connection) async throws -> Void
    ) {
        self.name = name
        self.group = group
        self.drain = drain
        self.lifecycle = lifecycle
        self.logger = logger
        self.initializer = childChannelInitializer
        self.handle = handle
    }

    /// Serves until TERM or INT; then drains and returns.
    ///
    /// QUIT, before or in a drain, makes its deadline now: what is left is cut at once, and the log says what that was.
    ///
    /// - Parameters:
    ///   - activation: The sockets, from `Activation.take(elseBind:named:)`, first thing in `main`.
    ///   - gracefulShutdownSignals: The signals that begin the drain. With QUIT among them, no signal cuts a drain short.
    /// - Throws: `ActivationError` if no socket of that name is there or one is no listening stream socket; what
    ///   ``Lifecycle/prepare`` throws; the `Errno` of `eventfd(2)` or `pthread_create(3)` if the process is at a limit.
    public func run(
        on activation: consuming Activation,
        gracefulShutdownSignals: [UnixSignal] = [.sigterm, .sigint]
    ) async throws {
        try await plan.run(on: activation, gracefulShutdownSignals: gracefulShutdownSignals)
    }

    /// It as a service of a `ServiceGroup` of your own; see ``run(on:gracefulShutdownSignals:)``.
    ///
    /// - Parameter activation: The sockets.
    /// - Returns: A service to be run once. It returns by itself after ``Lifecycle/idleExit``, and when the connection of a
    ///   socket unit with `Accept=yes` has ended: `successTerminationBehavior: .gracefullyShutdownGroup` is for that.
    /// - Throws: As ``run(on:gracefulShutdownSignals:)``.
    public func service(on activation: consuming Activation) async throws -> some Service {
        try await plan.service(on: activation)
    }

    private var plan: ServerPlan {
        var plan = ServerPlan(
            name: name,
            group: group,
            drain: drain,
            lifecycle: lifecycle,
            logger: logger
        ) { [initializer] (channel: any Channel) -> EventLoopFuture<(any Channel, Connection)> in
            // As ServerBootstrap's are; the initializer may want it otherwise.
            channel.setOption(.allowRemoteHalfClosure, value: false)
                .flatMap { initializer(channel) }
                .map { (channel, $0) }
        } handle: { [handle, logger] (channel: any Channel, connection: Connection) in
            do {
                try await handle(connection)
            } catch {
                logger.debug("a connection's handler has failed: \(error)")
            }
            try? await channel.close()
        }
        plan.admission = admission
        return plan
    }
}

extension PipelineServer<any Channel> {
    /// A server whose connections are each served by the handlers of their pipeline.
    ///
    /// - Parameters:
    ///   - name: The `FileDescriptorName=` of the sockets to serve.
    ///   - group: The event loops of the connections, a `MultiThreadedEventLoopGroup`.
    ///   - drain: How long the drain may take.
    ///   - lifecycle: What the program does at its turning points.
    ///   - logger: Where it is said what happens.
    ///   - childChannelInitializer: Configures a connection's pipeline, on its event loop. The connection is over when its
    ///     channel is closed.
    public init(
        named name: String,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        drain: DrainConfiguration = .init(),
        lifecycle: Lifecycle = .init(),
        logger: Logger,
        childChannelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) {
        self.init(
            named: name,
            group: group,
            drain: drain,
            lifecycle: lifecycle,
            logger: logger
        ) { channel in
            childChannelInitializer(channel).map { channel }
        } handle: { channel in
            try await channel.closeFuture.get()
        }
    }
}
