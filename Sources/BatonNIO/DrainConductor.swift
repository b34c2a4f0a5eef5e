internal import Baton
internal import Synchronization
internal import Systemd

/// Takes the events of a server in and has the drain's actions carried out, until the drain is over.
final class DrainConductor: Sendable {
    /// Something that happened.
    enum Event: Sendable {
        /// The server is to end. Only the first reason counts, but for ``StopReason/cancelled``.
        case stop(StopReason)
        /// Nothing more will be accepted; the duplicates of the sockets are closed, or not read any more.
        case acceptingEnded
        /// What was accepted has been served to the last.
        case lastClosed
        /// The deadline has come.
        case deadlineReached
    }

    /// What a server does in a drain.
    struct Server: Sendable {
        /// How many connections, or whatever it serves, are open.
        var open: @Sendable () -> Int
        /// Accepts nothing more, and tells ``Event/acceptingEnded`` when that is so.
        var stopAccepting: @Sendable (StopReason) -> Void
        /// The drain has begun.
        var stopping: @Sendable (StopReason) -> Void
        /// Tells what is open that it is to end; from now on ``Event/lastClosed`` is wanted.
        var announce: @Sendable () -> Void
        /// Ends what is open.
        var cut: @Sendable () -> Void
    }

    private let timeout: Duration
    private let events: AsyncStream<Event>
    private let stream: AsyncStream<Event>.Continuation
    private let deadline = Locked<ContinuousClock.Instant?>(nil)
    private let isTold = Atomic(false)

    /// - Parameter timeout: How long the drain may take.
    init(timeout: Duration) {
        self.timeout = timeout
        (events, stream) = AsyncStream.makeStream(of: Event.self)
    }

    /// When the drain ends at the latest; nil before it has begun. Thread-safe.
    var drainEnds: ContinuousClock.Instant? { deadline.withLock { $0 } }

    /// Whether the drain has begun, or is about to. Thread-safe.
    var isStopping: Bool { isTold.load(ordering: .acquiring) }

    /// Takes an event in. Thread-safe.
    func tell(_ event: Event) {
        if case .stop = event { isTold.store(true, ordering: .releasing) }
        stream.yield(event)
    }

    /// Waits for the end, which cancelling the task brings about at once. To be called once.
    func run(_ server: Server) async -> Drain<ContinuousClock>.Outcome {
        // Not a child: it has to bring the drain to its end when the task is cancelled.
        let task = Task { await conduct(server) }
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            tell(.stop(.cancelled))
        }
    }

    private func conduct(_ server: Server) async -> Drain<ContinuousClock>.Outcome {
        var drain = Drain(timeout: timeout, clock: ContinuousClock())
        var timer: Task<Void, Never>?
        defer { timer?.cancel() }
        var reason = StopReason.cancelled
        for await event in events {
            if case .stop(let new) = event { reason = new }
            let actions = drain.handle(event.forDrain, openConnections: server.open())
            deadline.withLock { $0 = drain.deadline }
            for action in actions {
                switch action {
                case .stopAccepting:
                    server.stopAccepting(reason)
                case .scheduleDeadline:
                    timer?.cancel()
                    guard let deadline = drain.deadline else { break }
                    timer = Task {
                        guard (try? await Task.sleep(until: deadline)) != nil else { return }
                        tell(.deadlineReached)
                    }
                case .announce:
                    server.announce()
                case .cut:
                    server.cut()
                case .finish(let outcome):
                    return outcome
                }
            }
            if actions.contains(.stopAccepting) { server.stopping(reason) }
        }
        return .abandoned
    }
}

extension DrainConductor.Event {
    fileprivate var forDrain: Drain<ContinuousClock>.Event {
        switch self {
        case .stop(.cancelled): .cancelled
        case .stop: .stopRequested
        case .acceptingEnded: .acceptingEnded
        case .lastClosed: .lastConnectionClosed
        case .deadlineReached: .deadlineReached
        }
    }
}
