public import Baton
public import Logging
public import NIOCore
internal import Synchronization
internal import SystemPackage
public import Systemd

/// Answers the datagrams of a socket it does not own (`ListenDatagram=` of a socket unit: UDP or UNIX), and ends without losing
/// one.
///
/// It receives from ``run(started:stopping:handle:)`` on, and never more than its handlers can take: the rest waits in the kernel's
/// queue. ``stop()`` begins the drain: it stops receiving at once, so that what waits is the next generation's; what has been
/// received is answered; then the run ends. At the deadline, it says how many have not been answered.
///
/// If nobody else holds the socket, what waits in the queue at the end is gone with it.
public final class DrainingDatagramServer: Sendable {
    /// How long a reply may wait while nobody takes it.
    private static let replyPatience = Duration.seconds(1)

    private let socket: DatagramSocket
    private let receiver: DatagramReceiver
    private let conductor: DrainConductor
    private let tasks: HandlerTasks<Datagram>
    private let count: OpenCount
    private let isDraining = Atomic(false)
    /// How many datagrams have been received or answered.
    private let moves = Atomic<UInt64>(0)
    private let idleExit: Duration?
    private let name: String
    private let isClosed = Locked(false)
    private let logger: Logger

    /// Creates a server; it receives nothing before ``run(started:stopping:handle:)``.
    ///
    /// - Parameters:
    ///   - socket: The datagram socket; its descriptor is the server's, which changes nothing that its holder shares.
    ///   - drain: How the server ends; there is no linger, as there are no connections.
    ///   - concurrency: How many handlers may run at a time, at least one.
    ///   - idleExit: Begin the drain when none has been received for that long; what comes later waits in the queue. That makes
    ///     sense only where somebody else holds the socket and starts the next generation. Nil is never.
    ///   - logger: Where it says what is cut and what fails.
    /// - Throws: `ActivationError.Code.wrongKind` if it is no datagram socket; the `Errno` of `eventfd(2)` if the
    ///   process is out of descriptors.
    public init(
        socket: consuming ListenSocket,
        drain: DrainConfiguration,
        concurrency: Int = 64,
        idleExit: Duration? = nil,
        logger: Logger
    ) throws {
        let description = socket.description
        guard description.kind == .datagram else {
            throw ActivationError(
                .wrongKind,
                "socket \(description) is a \(description.kind.rawValue), and a datagram socket is needed; "
                    + "use ListenDatagram= in its socket unit"
            )
        }
        let conductor = DrainConductor(timeout: drain.timeout)
        let (tasks, count) = (HandlerTasks<Datagram>(), OpenCount())
        self.name = description.name
        self.idleExit = idleExit
        let limit = max(1, concurrency)
        self.socket = DatagramSocket(owning: socket.release())
        self.receiver = try DatagramReceiver(
            socket: self.socket,
            delegate: .init(
                mayReceive: { count.open < limit },
                received: { datagram in
                    count.opened(1)
                    tasks.deliver(datagram)
                },
                ended: { conductor.tell(.acceptingEnded) }
            ),
            logger: logger
        )
        self.conductor = conductor
        self.tasks = tasks
        self.count = count
        self.logger = logger
    }

    /// Whether the drain has begun, or is about to.
    package var isStopping: Bool { conductor.isStopping }

    /// Begins the drain. Thread-safe; calling it again, or before ``run(started:stopping:handle:)``, is harmless.
    public func stop() {
        conductor.tell(.stop(.requested))
    }

    /// Begins the drain because another process is started in this one's place.
    func stopForRestart() {
        conductor.tell(.stop(.restarting))
    }

    /// Begins the drain because another process answers from now on.
    func stop(handedOverTo pid: CInt) {
        conductor.tell(.stop(.handedOver(pid: pid)))
    }

    /// When the drain ends at the latest; nil while serving. Thread-safe.
    public var drainEnds: ContinuousClock.Instant? { conductor.drainEnds }

    /// How many datagrams are being answered, as requests. Thread-safe.
    public func census() -> ConnectionCensus {
        ConnectionCensus(requests: count.open, activity: moves.load(ordering: .relaxed))
    }

    /// A duplicate of the socket, for a successor; nil when the server has stopped. Thread-safe.
    func duplicateSocket() throws(Errno) -> ListenSockets? {
        try isClosed.withLock { isClosed throws(Errno) in
            guard !isClosed, drainEnds == nil else { return nil }
            var duplicate = ListenSockets()
            duplicate.append(owning: try socket.duplicate(), name: name)
            return duplicate
        }
    }

    /// Answers until it is stopped and drained. To be called once.
    ///
    /// Cancelling the task cuts every handler at once.
    ///
    /// - Parameters:
    ///   - started: Called when datagrams are received.
    ///   - stopping: Called once, when the drain begins; it should not take long.
    ///   - handle: Takes one datagram and returns the reply to its sender, or nil for none. It runs in a task that has the
    ///     task-local values of the caller, and is cancelled at the deadline; one that does not return soon after that is
    ///     left running. Replies go out as handlers return, not in the order of the datagrams.
    /// - Returns: Whether every handler has returned, and its reply has been sent.
    /// - Throws: The `Errno` of `pthread_create(3)`, if the process has too many threads.
    public func run(
        started: () -> Void = {},
        stopping: @escaping @Sendable (StopReason) -> Void = { _ in },
        handle: @escaping @Sendable (Datagram) async -> ByteBuffer?
    ) async throws -> DrainOutcome {
        count.restart()
        try receiver.start()
        tasks.start { [self] datagram in
            moves.add(1, ordering: .relaxed)
            if let reply = await handle(datagram) { await send(reply, to: datagram) }
            moves.add(1, ordering: .relaxed)
            if count.closed(), isDraining.load(ordering: .sequentiallyConsistent) { conductor.tell(.lastClosed) }
            receiver.roomAgain()
        }
        started()
        let watch = Task {
            guard let idleExit, await count.waitUntilNone(for: idleExit) else { return }
            conductor.tell(.stop(.idle(idleExit)))
        }
        defer { watch.cancel() }
        let outcome = await conductor.run(
            .init(
                open: { [count] in count.open },
                stopAccepting: { [receiver] _ in receiver.stop() },
                stopping: stopping,
                announce: announce,
                cut: cut
            )
        )
        tasks.finish()
        // Handlers that are left running may still want to reply.
        if outcome != .abandoned {
            isClosed.withLock { isClosed in
                isClosed = true
                socket.close()
            }
        }
        return outcome == .drained ? .drained : .cut
    }

    private func announce() {
        isDraining.store(true, ordering: .sequentiallyConsistent)
        // The last one may have ended before anybody was to be told of it.
        if count.open == 0 { conductor.tell(.lastClosed) }
    }

    private func cut() {
        let left = count.open
        if left > 0 { logger.warning("cut at the drain's deadline: \(left) datagrams that had not been answered") }
        tasks.cancel()
        announce()
    }

    private func send(_ reply: ByteBuffer, to datagram: Datagram) async {
        guard datagram.canBeAnswered else {
            logger.debug("a reply was dropped: its client has no address")
            return
        }
        let deadline = ContinuousClock.now + Self.replyPatience
        var pause = Duration.milliseconds(1)
        while let errno = socket.send(reply, to: datagram) {
            // The send buffer is full, or the queue of a client on this machine. There is no event that ends the latter.
            let mayPass = errno == .wouldBlock || errno == .noBufferSpace
            guard mayPass, .now + pause < deadline, (try? await Task.sleep(for: pause)) != nil else {
                logger.debug("a reply to \(datagram.sender) could not be sent: \(errno)")
                return
            }
            pause *= 2
        }
    }
}
