internal import Baton
internal import CProcess
internal import Logging
internal import Synchronization
internal import Systemd
internal import SystemPackage

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Accepts connections from inherited listen sockets, on a thread of its own, until it is told to stop.
///
/// SwiftNIO's server channel calls `listen(2)` on a socket it is given, which changes the backlog for all who hold it,
/// and loses connections that are accepted while it closes. This loop calls nothing but `poll(2)` and `accept4(2)`; when it
/// stops, what has not been accepted stays in the backlog for the next generation.
final class Acceptor: Sendable {
    /// What the accept loop asks and tells; called on its thread.
    struct Delegate: Sendable {
        /// How many connections to accept before handing them over: handing over costs about as much as accepting.
        var batch: Int
        /// Whether there is room for ``batch`` more connections.
        var mayAccept: @Sendable () -> Bool
        /// Connections, at least one, and of those from a listen socket ``Delegate/batch`` at most: the callee owns their
        /// descriptors, which are close-on-exec.
        var accepted: @Sendable ([CarriedConnection]) -> Void
        /// The same for connections of earlier generations; the callee calls `done`, on any thread, when it could take more.
        var adopted: @Sendable ([CarriedConnection], _ done: @escaping @Sendable () -> Void) -> Void
        /// How long the connections that were accepted first had waited for that, the longest of them.
        var waited: @Sendable (Duration) -> Void
        /// The loop has ended and the listen sockets are closed; nothing is called any more. It may take its time.
        var ended: @Sendable (StopReason) -> Void
    }

    /// How long accepting rests when it cannot go on: out of descriptors or memory, as a rule.
    private static let rest = Duration.milliseconds(100)

    private let listeners: [CInt]
    private let names: [String]
    /// What a socket unit with `Accept=yes` has accepted before this process was started.
    private let connections: [CInt]
    private let waker: Waker
    private let ownsBacklog: Bool
    private let carriers: CarrierPort
    private let isStopping = Atomic(false)
    private let reason = Locked(StopReason.requested)
    /// Whether the listen sockets are closed.
    private let isClosed = Locked(false)
    private let isHandedOver = Atomic(false)
    /// Connections of an earlier generation are being opened. There may be thousands: if all were taken at once, new ones would wait
    /// behind them.
    private let isAdopting = Atomic(false)
    private let isFirst = Atomic(true)
    private let delegate: Delegate
    private let logger: Logger

    /// - Parameters:
    ///   - sockets: The listen sockets, whose descriptors the acceptor closes when it ends, and connections.
    ///   - carriers: What comes from earlier generations.
    ///   - ownsBacklog: Nobody else holds the listen sockets, so what waits in their backlogs is accepted before they close.
    ///   - waker: Makes the loop ask ``Delegate/mayAccept`` again.
    init(
        sockets: consuming ListenSockets,
        carriers: CarrierPort,
        ownsBacklog: Bool,
        waker: Waker,
        delegate: Delegate,
        logger: Logger
    ) {
        var (listeners, names, connections): ([CInt], [String], [CInt]) = ([], [], [])
        while let socket = sockets.popFirst() {
            if socket.description.isListening {
                names.append(socket.description.name)
                listeners.append(socket.release())
            } else {
                connections.append(socket.release())
            }
        }
        (self.listeners, self.names, self.connections) = (listeners, names, connections)
        self.carriers = carriers
        self.ownsBacklog = ownsBacklog
        self.waker = waker
        self.delegate = delegate
        self.logger = logger
    }

    deinit {
        closeListeners()
        if !isHandedOver.load(ordering: .acquiring) { for connection in connections { _ = close(connection) } }
    }

    /// Whether there is a listen socket; without one, no connections come but those that were passed.
    var hasListeners: Bool { !listeners.isEmpty }

    /// Starts the thread, and hands over the connections that were passed.
    ///
    /// - Throws: The error of `pthread_create(3)`: too many threads (`TasksMax=` of the unit).
    func start() throws(Errno) {
        for listener in listeners {
            // Or accept4 would sleep when another process was quicker, and never hear that it is to stop. This is shared
            // with the holder, like all flags of a socket; systemd sets it itself under NonBlocking=yes.
            let flags = fcntl(listener, F_GETFL)
            if flags & O_NONBLOCK == 0 { _ = fcntl(listener, F_SETFL, flags | O_NONBLOCK) }
        }
        try DetachedThread.start(named: "accept") { self.run() }
        guard !isHandedOver.exchange(true, ordering: .acquiringAndReleasing), !connections.isEmpty else { return }
        delegate.accepted(connections.map { CarriedConnection(descriptor: $0) })
    }

    /// Asks the loop to end; ``Delegate/ended`` tells when it has. Thread-safe.
    func stop(_ reason: StopReason) {
        self.reason.withLock { $0 = reason }
        isStopping.store(true, ordering: .releasing)
        waker.wake()
    }

    private func run() {
        var polled = listeners.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var restUntil: ContinuousClock.Instant?
        var lastFailure: Errno?

        while !isStopping.load(ordering: .acquiring) {
            if let end = restUntil, end <= .now { restUntil = nil }
            // A negative descriptor is ignored by poll.
            let isOpen = restUntil == nil && delegate.mayAccept()
            for index in listeners.indices { polled[index].fd = isOpen ? listeners[index] : -1 }
            var wakeUp = restUntil
            if isOpen, !carriers.isEmpty, !isAdopting.load(ordering: .acquiring) {
                let (entries, until) = carriers.entries()
                polled += entries
                wakeUp = until
            }
            waker.sleep(polling: &polled, until: wakeUp)

            if polled.count > listeners.count {
                let carried = carriers.receive(polled[listeners.count...])
                if !carried.isEmpty { adopt(carried) }
                polled.removeSubrange(listeners.count...)
            }
            for entry in polled where entry.fd >= 0 && entry.revents != 0 {
                switch acceptBatch(on: entry.fd) {
                case .accepted: lastFailure = nil
                case .nothing: break
                case .failed(let errno):
                    restUntil = .now + Self.rest
                    if errno != lastFailure { report(errno) }
                    lastFailure = errno
                }
            }
            // Under load this saves going to sleep and being woken for each connection: by the time the event loops have
            // had their turn, the next ones are there. Where nobody else wants to run it costs a system call.
            sched_yield()
        }

        let reason = reason.withLock { $0 }
        if ownsBacklog { acceptTheRest() }
        closeListeners()
        let carried = carriers.close(isSucceeded: reason == .restarting)
        if !carried.isEmpty { delegate.accepted(carried) }
        delegate.ended(reason)
    }

    private func adopt(_ connections: [CarriedConnection]) {
        isAdopting.store(true, ordering: .releasing)
        delegate.adopted(connections) { [self] in
            isAdopting.store(false, ordering: .releasing)
            waker.wake()
        }
    }

    /// Never `shutdown(2)`, which would end the sockets for their holder too.
    private func closeListeners() {
        isClosed.withLock { isClosed in
            guard !isClosed else { return }
            isClosed = true
            for listener in listeners { _ = close(listener) }
        }
    }

    /// Duplicates of the listen sockets, close-on-exec, in their order; nil when there are none, or not any more. Thread-safe.
    func duplicateListeners() throws(Errno) -> ListenSockets? {
        try isClosed.withLock { isClosed throws(Errno) in
            guard !isClosed, !isStopping.load(ordering: .acquiring), hasListeners else { return nil }
            var duplicates = ListenSockets()
            for (listener, name) in zip(listeners, names) {
                let duplicate = fcntl(listener, F_DUPFD_CLOEXEC, 3)
                guard duplicate >= 0 else { throw Errno(rawValue: errno) }
                duplicates.append(owning: duplicate, name: name)
            }
            return duplicates
        }
    }

    private enum Batch: Equatable {
        case accepted
        case nothing
        case failed(Errno)
    }

    /// Accepts connections that wait, ``Delegate/batch`` at most: then it is another listener's turn.
    private func acceptBatch(on listener: CInt) -> Batch {
        var connections: [CarriedConnection] = []
        defer {
            if !connections.isEmpty {
                tellWait(of: connections)
                delegate.accepted(connections)
            }
        }
        for _ in 0..<delegate.batch {
            let descriptor = cprocess_accept(listener)
            if descriptor >= 0 {
                connections.append(CarriedConnection(descriptor: descriptor))
                continue
            }
            let errno = Errno(rawValue: -descriptor)
            if errno == .wouldBlock { break }
            if !Self.concernsOneConnection.contains(errno) { return .failed(errno) }
        }
        return connections.isEmpty ? .nothing : .accepted
    }

    /// The kernel has them in the order in which they came, so the first ones have waited for the start.
    private func tellWait(of connections: [CarriedConnection]) {
        guard isFirst.exchange(false, ordering: .relaxed) else { return }
        let waits = connections.map { cprocess_waited($0.descriptor) }.filter { $0 >= 0 }
        if let longest = waits.max() { delegate.waited(.milliseconds(longest)) }
    }

    /// Where nobody else holds the listen sockets, closing them resets what waits in their backlogs.
    private func acceptTheRest() {
        for listener in listeners {
            // A backlog is 4096 connections at most; more than that are new ones, and they would never end.
            var batches = 4096 / delegate.batch + 1
            while batches > 0, acceptBatch(on: listener) == .accepted { batches -= 1 }
        }
    }

    private func report(_ errno: Errno) {
        let exhausted: Set<Errno> = [.tooManyOpenFiles, .tooManyOpenFilesInSystem, .noBufferSpace, .noMemory]
        let hint = exhausted.contains(errno) ? " (see LimitNOFILE= and MemoryMax= of the unit)" : ""
        logger.warning("cannot accept: \(errno)\(hint); connections wait in the backlog")
    }

    /// accept(2) reports what has befallen a connection in the backlog; the next one may be well.
    private static let concernsOneConnection: Set<Errno> = [
        .interrupted, .connectionAbort, .networkDown, .protocolError, .protocolNotAvailable, .hostIsDown,
        .noRouteToHost,
        .networkUnreachable, .timedOut, .connectionReset,
    ]
}
