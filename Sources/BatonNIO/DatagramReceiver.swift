internal import Logging
internal import Synchronization
internal import SystemPackage

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Receives datagrams on a thread of its own, one for each handler that is free: the kernel's queue holds the rest.
///
/// SwiftNIO's `DatagramBootstrap.withBoundSocket` is not enough where every datagram counts: when a reply cannot be sent (to
/// port 0, say, which anybody may claim to come from) its channel empties the kernel's queue and closes; and of the clients
/// of a UNIX socket, one without an address closes it too, or is taken for the client before. This loop calls nothing but
/// `poll(2)` and `recvmsg(2)`; when it stops, what has not been received stays in the queue for the next generation.
final class DatagramReceiver: Sendable {
    /// What the loop asks and tells; called on its thread.
    struct Delegate: Sendable {
        /// Whether a handler is free.
        var mayReceive: @Sendable () -> Bool
        var received: @Sendable (Datagram) -> Void
        /// The loop has ended; nothing is called any more.
        var ended: @Sendable () -> Void
    }

    /// How long receiving rests when it cannot go on: out of memory, as a rule.
    private static let rest = Duration.milliseconds(100)

    private let socket: DatagramSocket
    private let waker: Waker
    private let delegate: Delegate
    private let logger: Logger
    private let isStopping = Atomic(false)
    private let isFull = Atomic(false)

    /// - Throws: The `Errno` of `eventfd(2)`.
    init(socket: DatagramSocket, delegate: Delegate, logger: Logger) throws(Errno) {
        self.socket = socket
        self.waker = try Waker()
        self.delegate = delegate
        self.logger = logger
    }

    /// Starts the thread.
    ///
    /// - Throws: The error of `pthread_create(3)`: too many threads (`TasksMax=` of the unit).
    func start() throws(Errno) {
        try DetachedThread.start(named: "receive") { self.run() }
    }

    /// Asks the loop to end; ``Delegate/ended`` tells when it has. Thread-safe.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        waker.wake()
    }

    /// A handler has become free. Thread-safe.
    func roomAgain() {
        if isFull.load(ordering: .sequentiallyConsistent) { waker.wake() }
    }

    private var goesOn: Bool { !isStopping.load(ordering: .acquiring) }

    private func run() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: DatagramSocket.longest, alignment: 16)
        defer { buffer.deallocate() }
        var polled = [pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)]
        var restUntil: ContinuousClock.Instant?
        var lastFailure: Errno?

        while goesOn {
            if let end = restUntil, end <= .now { restUntil = nil }
            isFull.store(true, ordering: .sequentiallyConsistent)
            if delegate.mayReceive() { isFull.store(false, ordering: .sequentiallyConsistent) }
            let isOpen = restUntil == nil && !isFull.load(ordering: .relaxed)
            // A negative descriptor is ignored by poll.
            polled[0].fd = isOpen ? socket.descriptor : -1
            waker.sleep(polling: &polled, until: restUntil)
            guard isOpen, polled[0].revents != 0, let errno = receive(buffer) else { continue }
            restUntil = .now + Self.rest
            if errno != lastFailure { logger.warning("cannot receive: \(errno); datagrams wait in the kernel's queue") }
            lastFailure = errno
        }
        delegate.ended()
    }

    /// Receives what is there, as long as handlers are free.
    ///
    /// - Returns: Why that cannot go on, if it cannot.
    private func receive(_ buffer: UnsafeMutableRawBufferPointer) -> Errno? {
        while goesOn, delegate.mayReceive() {
            switch socket.receive(buffer) {
            case .success(let datagram):
                delegate.received(datagram)
            case .failure(.wouldBlock):
                return nil
            case .failure(.messageTooLong):
                logger.warning("a datagram of more than \(DatagramSocket.longest) bytes was dropped")
            case .failure(let errno) where Self.concernsOneReply.contains(errno):
                continue
            case .failure(let errno):
                return errno
            }
        }
        return nil
    }

    /// What recvmsg(2) says of something that was sent before.
    private static let concernsOneReply: Set<Errno> = [
        .connectionRefused, .connectionReset, .networkUnreachable, .noRouteToHost, .hostIsDown,
    ]
}
