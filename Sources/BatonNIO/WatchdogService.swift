public import Logging
public import NIOCore
public import ServiceLifecycle
public import Systemd

/// Tells the service manager that this service is well (`WATCHDOG=1`, see sd_notify(3)), as long as that is proven.
///
/// At half of `WatchdogSec=` it asks every event loop to run a task, and the check to return. Only when all have done so is
/// the ping sent. So a hung loop, a main actor that is blocked, a cooperative pool with no thread left, or a check that throws
/// is a missed ping, and the service manager restarts the service; when it was only slow, the pings go on.
///
/// It pings from the moment it is run, and through the whole drain if it is the first service of its `ServiceGroup`: then
/// it is the last to be shut down.
///
/// What decides when to ping runs on a thread of its own. On the cooperative pool it would be late when that is busy, on an
/// event loop it would hang with it and could not say so; and sending may wait for a service manager that does not read.
public final class WatchdogService: Service, CustomStringConvertible {
    private struct State {
        var waker: Waker?
        var isWanted = false
        var isStopping = false
    }

    private let interval: Duration
    private let notifier: ServiceNotifier
    private let loops: [any EventLoop]
    private let checkName: String
    private let check: @Sendable () async throws -> Void
    private let logger: Logger
    private let state = Locked(State())

    /// Creates a watchdog; it does nothing before ``run()``.
    ///
    /// - Parameters:
    ///   - timeout: What the service manager expects, from `WatchdogTimeout.take()`.
    ///   - notifier: The service manager.
    ///   - group: The event loops that must be alive.
    ///   - logger: Where it says who is late, once, and when that is over.
    ///   - check: Whether the program is well, by the program's own measure: it must return within half the timeout, without
    ///     throwing. Nil asks whether the main actor runs.
    public init(
        timeout: WatchdogTimeout,
        notifier: ServiceNotifier,
        group: any EventLoopGroup,
        logger: Logger,
        check: (@Sendable () async throws -> Void)? = nil
    ) {
        self.interval = max(timeout.interval, .milliseconds(1))
        self.notifier = notifier
        self.loops = Array(group.makeIterator())
        self.checkName = check == nil ? "the main actor" : "the check"
        self.check = check ?? { await MainActor.run {} }
        self.logger = logger
    }

    /// The service's name in the log of its group.
    public var description: String { "watchdog" }

    /// Asks at once, and pings when all have answered. Thread-safe; before ``run()`` it changes nothing.
    ///
    /// To be called right after `READY=1`, with which the service manager begins to count.
    public func pingNow() {
        let waker = state.withLock { state in
            state.isWanted = true
            return state.waker
        }
        waker?.wake()
    }

    /// Pings until the graceful shutdown of this service, or until the task is cancelled. To be called once.
    ///
    /// - Throws: The `Errno` of `eventfd(2)` or `pthread_create(3)`, if the process has too many descriptors or threads.
    public func run() async throws {
        let waker = try Waker()
        state.withLock { $0.waker = waker }
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        try DetachedThread.start(named: "watchdog") { [self] in
            ping(waker)
            end.finish()
        }
        try? await gracefulShutdown()
        state.withLock { $0.isStopping = true }
        waker.wake()
        // Not for long, and also when the task has been cancelled: nothing is sent once this has returned.
        await Task { for await _ in ended {} }.value
    }

    /// The thread's work.
    private func ping(_ waker: Waker) {
        var report = WatchdogReport(logger: logger)
        var round: WatchdogRound?
        var (begin, due) = (ContinuousClock.now, ContinuousClock.now)

        while !state.withLock({ $0.isStopping }) {
            var sleepsUntil: ContinuousClock.Instant? = due
            switch round?.result {
            case .passed:
                report.answered(nil)
                report.pinged(notifier.send(.watchdogPing))
                round = nil
            case .failed(let error):
                report.answered(error)
                round = nil
            case .open(let late) where due <= .now:
                report.late(late, since: begin)
                sleepsUntil = nil
            case .open, nil:
                break
            }
            if round == nil, takeWish() || due <= .now {
                begin = .now
                due = begin + interval
                sleepsUntil = due
                round = WatchdogRound.begin(loops: loops, checkName: checkName, check: check, changed: waker.wake)
            }
            waker.sleep(until: sleepsUntil)
        }
        round?.cancel()
    }

    private func takeWish() -> Bool {
        state.withLock { state in
            defer { state.isWanted = false }
            return state.isWanted
        }
    }
}
