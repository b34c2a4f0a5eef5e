public import Baton
public import Logging
public import NIOCore
internal import NIOPosix
public import Systemd

/// Serves the connections of listen sockets it does not own, and ends without losing a request.
///
/// It accepts from ``run(started:handle:)`` on, spreading connections over the event loops. ``stop()`` begins the drain:
/// 1. It stops accepting and closes its duplicates of the listen sockets: the backlog is the next generation's.
/// 2. Each connection is told by ``DrainEvent/began``, also one whose accepting was under way.
/// 3. It ends when the last connection has closed and its handler has returned. What is left at the deadline is cut,
///    each with a line in the log that says what it was doing.
public final class DrainingServer<Connection: Sendable>: Sendable {
    /// How a run ended.
    public enum Outcome: Sendable, Hashable {
        /// Every connection had its answers.
        case drained
        /// Connections were left at the deadline or when the task was cancelled, and have been cut.
        case cut
    }

    /// What is told to the task that starts handlers. It is never cancelled itself: a connection it did not take over would be
    /// nobody's.
    private enum Delivery: Sendable {
        case connection(Connection)
        case cancelHandlers
    }

    private let acceptor: Acceptor
    private let register: ConnectionRegister
    private let configuration: DrainConfiguration
    private let events: AsyncStream<Drain<ContinuousClock>.Event>
    private let tell: AsyncStream<Drain<ContinuousClock>.Event>.Continuation
    private let deliveries: AsyncStream<Delivery>
    private let deliver: AsyncStream<Delivery>.Continuation

    /// Creates a server; it accepts nothing before ``run(started:handle:)``.
    ///
    /// - Parameters:
    ///   - sockets: The listen sockets; their descriptors are the server's, which never changes their backlog, unlinks their
    ///     paths or shuts them down.
    ///   - ownsBacklog: Nobody else holds the sockets, so what waits in their backlogs is accepted before they are closed.
    ///   - group: The event loops of the connections, SwiftNIO's `MultiThreadedEventLoopGroup`.
    ///   - drain: How the server ends.
    ///   - admission: Limits the number of open connections.
    ///   - logger: Where it says what is cut and what fails.
    ///   - setUp: Configures a connection's pipeline, on its event loop.
    /// - Throws: ``Systemd/ListenSocketError/Code/wrongKind`` if a socket is not a listening stream socket; the `Errno` of
    ///   `eventfd(2)` if the process is out of descriptors.
    public init(
        sockets: consuming ListenSockets,
        ownsBacklog: Bool,
        group: any EventLoopGroup,
        drain: DrainConfiguration,
        admission: (any ConnectionAdmission)? = nil,
        logger: Logger,
        setUp: @escaping @Sendable (any Channel) -> EventLoopFuture<Connection>
    ) throws {
        try sockets.requireStreamListeners()
        let (events, tell) = AsyncStream.makeStream(of: Drain<ContinuousClock>.Event.self)
        let (deliveries, deliver) = AsyncStream.makeStream(of: Delivery.self)
        let loops = Array(group.makeIterator())
        let register = ConnectionRegister(
            loops: loops,
            report: { logger.warning("\($0)") },
            lastClosed: { tell.yield(.lastConnectionClosed) }
        )
        let waker = try Waker()
        let left: @Sendable () -> Void = {
            guard let admission else { return }
            admission.closed()
            waker.wake()
        }
        let opener = ConnectionOpener(loops: loops, register: register, setUp: setUp) { connection, channel in
            if admission != nil { channel.closeFuture.whenComplete { _ in left() } }
            deliver.yield(.connection(connection))
        } failed: { error in
            left()
            logger.debug("a connection could not be set up: \(error)")
        }
        self.acceptor = Acceptor(
            sockets: sockets,
            ownsBacklog: ownsBacklog,
            waker: waker,
            delegate: .init(
                batch: admission == nil ? 64 : 1,
                mayAccept: { admission?.mayAccept() ?? true },
                accepted: { connections in
                    for _ in connections { admission?.opened() }
                    opener.open(connections)
                },
                ended: { tell.yield(.acceptingEnded) }
            ),
            logger: logger
        )
        self.register = register
        self.configuration = drain
        (self.events, self.tell) = (events, tell)
        (self.deliveries, self.deliver) = (deliveries, deliver)
    }

    /// Begins the drain. Thread-safe; calling it again, or before ``run(started:handle:)``, is harmless.
    public func stop() {
        tell.yield(.stopRequested)
    }

    /// Serves until it is stopped and drained. To be called once.
    ///
    /// Cancelling the task cuts every connection at once.
    ///
    /// - Parameters:
    ///   - started: Called when connections are accepted.
    ///   - handle: Serves one connection and returns when it is closed. It runs in a task that has the task-local values of
    ///     the caller, and is cancelled at the deadline; one that does not return soon after that is left running.
    /// - Returns: Whether every connection had its answers.
    /// - Throws: The `Errno` of `pthread_create(3)`, if the process has too many threads.
    public func run(
        started: () -> Void = {},
        handle: @escaping @Sendable (Connection) async -> Void
    ) async throws -> Outcome {
        try acceptor.start()
        let (register, deliveries) = (register, deliveries)
        // Not child tasks: neither may a handler that never returns keep the generation from ending, nor may cancellation
        // end these before their work is done.
        Task {
            await withDiscardingTaskGroup { group in
                for await delivery in deliveries {
                    switch delivery {
                    case .connection(let connection):
                        group.addTask {
                            await handle(connection)
                            register.closed()
                        }
                    case .cancelHandlers:
                        group.cancelAll()
                    }
                }
            }
        }
        let conductor = Task { await conduct() }
        started()
        return await withTaskCancellationHandler {
            await conductor.value
        } onCancel: {
            tell.yield(.cancelled)
        }
    }

    /// Carries the drain's actions out, until it is over.
    private func conduct() async -> Outcome {
        var drain = Drain(timeout: configuration.timeout, clock: ContinuousClock())
        var timer: Task<Void, Never>?
        defer { timer?.cancel() }
        for await event in events {
            for action in drain.handle(event, openConnections: register.open) {
                switch action {
                case .stopAccepting:
                    acceptor.stop()
                case .scheduleDeadline:
                    timer?.cancel()
                    guard let deadline = drain.deadline else { break }
                    timer = Task { [tell] in
                        guard (try? await Task.sleep(until: deadline)) != nil else { return }
                        tell.yield(.deadlineReached)
                    }
                case .announce:
                    register.announceToAll()
                case .cut:
                    register.cutAll()
                    deliver.yield(.cancelHandlers)
                case .finish(.abandoned):
                    // The deliveries go on: a connection may still be on its way.
                    return .cut
                case .finish(let outcome):
                    deliver.finish()
                    return outcome == .drained ? .drained : .cut
                }
            }
        }
        return .cut
    }
}
