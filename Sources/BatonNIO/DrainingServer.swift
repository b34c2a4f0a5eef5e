public import Baton
package import CoreMetrics
public import Logging
public import NIOCore
internal import NIOPosix
package import SystemPackage
public import Systemd

/// Serves the connections of listen sockets it does not own, and ends without losing a request.
///
/// It accepts from ``run(started:stopping:handle:)`` on, spreading connections over the event loops. ``stop()`` begins the
/// drain:
/// 1. It stops accepting and closes its duplicates of the listen sockets: the backlog is the next generation's.
/// 2. Each connection is told by ``DrainEvent/began``, also one whose accepting was under way; before that, if another process takes
///    connections over, by ``DrainEvent/handOver(_:)``.
/// 3. It ends when the last connection has closed and its handler has returned. What is left at the deadline is cut,
///    each with a line in the log that says what it was doing.
///
/// It serves connections that were passed to it already accepted (`Accept=yes` of a socket unit) as well. If it was given
/// no listen socket, it ends when the last of them has closed.
public final class DrainingServer<Connection: Sendable>: Sendable {
    /// How long a census waits for an event loop.
    private static var censusLimit: Duration { .seconds(1) }

    private let acceptor: Acceptor
    private let count: OpenCount
    private let register: ConnectionRegister
    private let conductor: DrainConductor
    private let tasks: HandlerTasks<(Connection, ConnectionToken)>
    private let idleExit: Duration?
    private let metrics: ServerMetrics

    /// Creates a server; it accepts nothing before ``run(started:stopping:handle:)``.
    ///
    /// - Parameters:
    ///   - sockets: The listen sockets, or accepted connections; their descriptors are the server's, which never changes a
    ///     backlog, unlinks a path or shuts a listen socket down.
    ///   - ownsBacklog: Nobody else holds the sockets, so what waits in their backlogs is accepted before they are closed.
    ///   - group: The event loops of the connections, SwiftNIO's `MultiThreadedEventLoopGroup`.
    ///   - drain: How the server ends.
    ///   - idleExit: Begin the drain when no connection has been open, and none accepted, for that long. No connection is
    ///     lost: one that is accepted at that moment is served, and a later one waits in the backlog. That makes sense only
    ///     where somebody else holds the sockets and starts the next generation. Nil is never.
    ///   - admission: Limits the number of open connections.
    ///   - logger: Where it says what is cut and what fails.
    ///   - setUp: Configures a connection's pipeline, on its event loop.
    /// - Throws: `ActivationError.Code.wrongKind` if a socket is neither a listening stream socket nor a connection;
    ///   the `Errno` of `eventfd(2)` if the process is out of descriptors.
    public convenience init(
        sockets: consuming ListenSockets,
        ownsBacklog: Bool,
        group: any EventLoopGroup,
        drain: DrainConfiguration,
        idleExit: Duration? = nil,
        admission: (any ConnectionAdmission)? = nil,
        logger: Logger,
        setUp: @escaping @Sendable (any Channel) -> EventLoopFuture<Connection>
    ) throws {
        try self.init(
            sockets: sockets,
            succession: nil,
            ownsBacklog: ownsBacklog,
            group: group,
            drain: drain,
            idleExit: idleExit,
            admission: admission,
            logger: logger,
            setUp: setUp
        )
    }

    /// Creates a server that takes over the connections of the generation before it, and hands its own to the one after it.
    package init(
        sockets: consuming ListenSockets,
        succession: Succession?,
        ownsBacklog: Bool,
        group: any EventLoopGroup,
        drain: DrainConfiguration,
        idleExit: Duration?,
        admission: (any ConnectionAdmission)?,
        logger: Logger,
        metrics: any MetricsFactory = MetricsSystem.factory,
        setUp: @escaping @Sendable (any Channel) -> EventLoopFuture<Connection>
    ) throws {
        try sockets.requireStreamListeners()
        let metrics = ServerMetrics(factory: metrics)
        let conductor = DrainConductor(timeout: drain.timeout)
        let (tasks, count) = (HandlerTasks<(Connection, ConnectionToken)>(), OpenCount())
        let loops = Array(group.makeIterator())
        let register = ConnectionRegister(
            loops: loops,
            count: count,
            report: { logger.warning("\($0)") },
            lastClosed: { conductor.tell(.lastClosed) }
        )
        let waker = try Waker()
        let left: @Sendable () -> Void = {
            guard let admission else { return }
            admission.closed()
            waker.wake()
        }
        let opener = ConnectionOpener(loops: loops, register: register, setUp: setUp) { connection, channel, token in
            if admission != nil { channel.closeFuture.whenComplete { _ in left() } }
            tasks.deliver((connection, token))
        } failed: { error in
            left()
            logger.debug("a connection could not be set up: \(error)")
        }
        self.acceptor = Acceptor(
            sockets: sockets,
            carriers: CarrierPort(
                succession?.carriers ?? [],
                inbox: succession?.inbox,
                emptied: { succession?.emptied($0) },
                logger: logger
            ),
            ownsBacklog: ownsBacklog,
            waker: waker,
            delegate: .init(
                batch: admission == nil ? 64 : 1,
                mayAccept: { admission?.mayAccept() ?? true },
                accepted: { connections in
                    for _ in connections { admission?.opened() }
                    metrics.accepted.increment(by: connections.count)
                    opener.open(connections)
                },
                adopted: { connections, done in
                    for _ in connections { admission?.opened() }
                    metrics.takenOver.increment(by: connections.count)
                    opener.open(connections, done: done)
                },
                waited: metrics.waited,
                ended: { reason in
                    // On the accept thread, which may wait for the service manager.
                    if count.open > 0, let (carrier, isEmptied) = succession?.carrier(for: reason) {
                        register.offer(
                            ConnectionOffer(
                                carrier: carrier,
                                next: succession?.next(for: reason),
                                isEmptied: isEmptied,
                                loops: loops,
                                moved: { channels in
                                    metrics.handedOver.increment(by: channels.count)
                                    register.moved(channels)
                                }
                            )
                        )
                    }
                    conductor.tell(.acceptingEnded)
                }
            ),
            logger: logger
        )
        self.count = count
        self.register = register
        self.conductor = conductor
        self.tasks = tasks
        self.idleExit = idleExit
        self.metrics = metrics
    }

    /// When the drain ends at the latest; nil while serving. Thread-safe.
    public var drainEnds: ContinuousClock.Instant? { conductor.drainEnds }

    /// Whether the drain has begun, or is about to.
    package var isStopping: Bool { conductor.isStopping }

    /// Begins the drain. Thread-safe; calling it again, or before ``run(started:stopping:handle:)``, is harmless.
    public func stop() {
        conductor.tell(.stop(.requested))
    }

    /// Begins the drain because the service manager restarts the program, so that another process follows.
    package func stopForRestart() {
        conductor.tell(.stop(.restarting))
    }

    /// What became of the connections that were to be handed over; nil if there was nobody to take them.
    package var handOverReport: String? { register.handOverReport }

    /// Begins the drain because another process serves from now on.
    package func stop(handedOverTo pid: CInt) {
        conductor.tell(.stop(.handedOver(pid: pid)))
    }

    /// Duplicates of the listen sockets, for a successor; nil when the server has stopped accepting, or has none. Thread-safe.
    package func duplicateListeners() throws(Errno) -> ListenSockets? { try acceptor.duplicateListeners() }

    /// Whether there is a listen socket, and not only connections that were accepted by somebody else.
    package var hasListeners: Bool { acceptor.hasListeners }

    /// Asks all connections what they are at. Thread-safe.
    ///
    /// It takes a turn of each event loop. The connections of a loop that hangs for a second count as busy.
    ///
    /// - Returns: The sum of what they said.
    public func census() async -> ConnectionCensus {
        await register.census(within: Self.censusLimit)
    }

    /// Serves until it is stopped and drained. To be called once.
    ///
    /// Cancelling the task cuts every connection at once.
    ///
    /// - Parameters:
    ///   - started: Called when connections are accepted.
    ///   - stopping: Called once, when the drain begins; it should not take long.
    ///   - handle: Serves one connection and returns when it is closed. It runs in a task that has the task-local values of
    ///     the caller, and is cancelled at the deadline; one that does not return soon after that is left running.
    /// - Returns: Whether every connection had its answers.
    /// - Throws: The `Errno` of `pthread_create(3)`, if the process has too many threads.
    public func run(
        started: () -> Void = {},
        stopping: @escaping @Sendable (StopReason) -> Void = { _ in },
        handle: @escaping @Sendable (Connection) async -> Void
    ) async throws -> DrainOutcome {
        count.restart()
        try acceptor.start()
        metrics.generations.increment()
        let (acceptor, count, register, tasks, metrics) = (acceptor, count, register, tasks, metrics)
        let began = Locked<ContinuousClock.Instant?>(nil)
        tasks.start { connection, token in
            await handle(connection)
            if !token.isMoved { register.closed() }
        }
        started()
        let watch = Task { await stopWhenIdle() }
        defer { watch.cancel() }
        let outcome = await conductor.run(
            .init(
                open: { count.open },
                stopAccepting: acceptor.stop,
                stopping: { reason in
                    began.withLock { $0 = .now }
                    stopping(reason)
                },
                announce: register.announceToAll,
                cut: {
                    metrics.cut.increment(by: count.open)
                    register.cutAll()
                    tasks.cancel()
                }
            )
        )
        // Of an abandoned one, a connection may still be on its way.
        if outcome != .abandoned { tasks.finish() }
        let result = outcome == .drained ? DrainOutcome.drained : .cut
        if let began = began.withLock({ $0 }) { metrics.drained(result, in: .now - began) }
        return result
    }

    private func stopWhenIdle() async {
        if !acceptor.hasListeners {
            if await count.waitUntilNone(for: .zero) { conductor.tell(.stop(.connectionsEnded)) }
        } else if let idleExit {
            if await count.waitUntilNone(for: idleExit) { conductor.tell(.stop(.idle(idleExit))) }
        }
    }
}
