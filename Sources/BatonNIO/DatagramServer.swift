public import Baton
public import Logging
public import NIOCore
internal import NIOPosix
public import ServiceLifecycle
public import UnixSignals

/// A server that answers datagrams, on the socket its process was started with: the one call around a ``DrainingDatagramServer``.
///
/// ```swift
/// let activation = try Activation.take(elseBind: [], named: "echo")
/// try await DatagramServer(named: "echo", logger: logger) { datagram in datagram.bytes }.run(on: activation)
/// ```
///
/// It never opens a socket itself: without one that was passed, the start fails. At the drain it stops receiving, answers what it
/// has received, and ends; what waits in the kernel's queue is the next generation's.
public struct DatagramServer: Sendable {
    /// The `FileDescriptorName=` of the socket to serve; there is one of that name. Others are closed, with a warning.
    public var name: String
    /// How many handlers may run at a time, at least one.
    public var concurrency: Int
    /// How long the drain may take; there is no linger, as there are no connections.
    public var drain: DrainConfiguration
    /// What the program does when it starts, reloads, idles and is asked whether it is well.
    public var lifecycle: Lifecycle
    /// Where it is said what happens.
    public var logger: Logger
    private let handle: @Sendable (Datagram) async -> ByteBuffer?

    /// Creates a server.
    ///
    /// - Parameters:
    ///   - name: The `FileDescriptorName=` of the socket to serve.
    ///   - concurrency: How many handlers may run at a time; what comes beyond that waits in the kernel's queue.
    ///   - drain: How long the drain may take.
    ///   - lifecycle: What the program does at its turning points.
    ///   - logger: Where it is said what happens.
    ///   - handle: Takes one datagram and returns the reply to its sender, or nil for none. It runs in a task of its own, and is
    ///     cancelled at the drain's deadline.
    public init(
        named name: String,
        concurrency: Int = 64,
        drain: DrainConfiguration = .init(),
        lifecycle: Lifecycle = .init(),
        logger: Logger,
        handle: @escaping @Sendable (Datagram) async -> ByteBuffer?
    ) {
        self.name = name
        self.concurrency = concurrency
        self.drain = drain
        self.lifecycle = lifecycle
        self.logger = logger
        self.handle = handle
    }

    /// Answers until TERM or INT; then drains and returns. QUIT makes the drain's deadline now.
    ///
    /// - Parameters:
    ///   - activation: The socket, from `Activation.take(elseBind:named:)`, first thing in `main`.
    ///   - gracefulShutdownSignals: The signals that begin the drain. With QUIT among them, no signal cuts a drain short.
    /// - Throws: `ActivationError` if there is not one datagram socket of that name; what ``Lifecycle/prepare``
    ///   throws; the `Errno` of `eventfd(2)` or `pthread_create(3)` if the process is at a limit.
    public func run(
        on activation: consuming Activation,
        gracefulShutdownSignals: [UnixSignal] = [.sigterm, .sigint]
    ) async throws {
        try await plan.run(on: activation, gracefulShutdownSignals: gracefulShutdownSignals)
    }

    /// It as a service of a `ServiceGroup` of your own; see ``run(on:gracefulShutdownSignals:)``.
    ///
    /// - Parameter activation: The socket.
    /// - Returns: A service to be run once. It returns by itself after ``Lifecycle/idleExit``.
    /// - Throws: As ``run(on:gracefulShutdownSignals:)``.
    public func service(on activation: consuming Activation) async throws -> some Service {
        try await plan.service(on: activation)
    }

    private var plan: ServerPlan {
        ServerPlan(
            name: name,
            group: MultiThreadedEventLoopGroup.singleton,
            concurrency: concurrency,
            drain: drain,
            lifecycle: lifecycle,
            logger: logger,
            answer: handle
        )
    }
}
