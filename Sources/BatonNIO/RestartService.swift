internal import Baton
internal import Logging
internal import Systemd
internal import UnixSignals

/// Restarts the program when its signal comes: starts a successor and, when that is ready, has this process drain.
final class RestartService: Sendable {
    private struct State {
        /// How often it was asked for.
        var asked = 0
        var isStopping = false
        var attempt: HandOver?
    }

    private let signals: UnixSignalsSequence
    private let turns: Turns
    private let record: StartRecord
    private let limit: Duration
    private let refusal: String?
    private let notifier: ServiceNotifier
    private let reporter: ServiceReporter
    private let isSocketHeld: Bool
    private let sockets: @Sendable () throws -> ListenSockets?
    private let handedOver: @Sendable (_ pid: CInt) -> Void
    private let logger: Logger
    private let state = Locked(State())
    private let wakeUps: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation

    /// Catches the signal from now on.
    ///
    /// - Parameters:
    ///   - signal: The signal.
    ///   - turns: What is shared with whatever else tells the service manager of a reload.
    ///   - record: How this process was started.
    ///   - limit: How long the start of a successor may take.
    ///   - refusal: Why there can be no restart, which is said when the signal comes; nil if there can.
    ///   - notifier: The service manager.
    ///   - reporter: What speaks to it.
    ///   - isSocketHeld: Whether somebody else holds the sockets.
    ///   - sockets: Duplicates of the listen sockets; nil when the server stops.
    ///   - handedOver: Called when a successor serves.
    init(
        signal: UnixSignal,
        turns: Turns,
        record: StartRecord,
        limit: Duration,
        refusal: String?,
        notifier: ServiceNotifier,
        reporter: ServiceReporter,
        isSocketHeld: Bool,
        logger: Logger,
        sockets: @escaping @Sendable () throws -> ListenSockets?,
        handedOver: @escaping @Sendable (_ pid: CInt) -> Void
    ) async {
        self.turns = turns
        self.record = record
        self.limit = limit
        self.refusal = refusal
        self.notifier = notifier
        self.reporter = reporter
        self.isSocketHeld = isSocketHeld
        self.sockets = sockets
        self.handedOver = handedOver
        self.logger = logger
        (wakeUps, wakeUp) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        signals = await UnixSignalsSequence(trapping: signal)
    }

    /// Asks for a restart; several that come during an attempt are one after it.
    func ask() {
        let isUnderWay = state.withLock { state in
            state.asked += 1
            return state.attempt != nil
        }
        if isUnderWay { logger.info("restart: asked for again, so another one follows this one") }
        wakeUp.yield()
    }

    /// The service stops: an attempt is given up, and there is no further one. Thread-safe.
    func stop() {
        let attempt = state.withLock { state in
            state.isStopping = true
            return state.attempt
        }
        attempt?.abandon()
        wakeUp.finish()
    }

    /// Restarts when it is asked to, until ``stop()``, and no earlier than the last attempt has ended. To be run when the service is
    /// ready.
    func run() async {
        await withTaskGroup { tasks in
            tasks.addTask {
                for await _ in self.signals { self.ask() }
            }
            for await _ in wakeUps {
                await turns.take { await restart() }
            }
            tasks.cancelAll()
        }
    }

    private func restart() async {
        if let refusal {
            logger.warning("no restart: \(refusal)")
            return
        }
        do {
            let ran = try await reporter.reload(
                "restarting",
                done: "serving",
                failed: { "serving; restart failed: \($0)" },
                attempt
            )
            if !ran { logger.info("restart: not now, as the service stops") }
        } catch {
            logger.error(
                "restart failed, so nothing has changed: \(error)",
                metadata: LifeEvent.restartFailed.metadata
            )
        }
    }

    private func attempt() async throws {
        let attempt = try HandOver(record: record, limit: limit, notifier: notifier, reporter: reporter, logger: logger)
        let (asked, isStopping) = state.withLock { state in
            state.attempt = attempt
            return (state.asked, state.isStopping)
        }
        defer { state.withLock { $0.attempt = nil } }
        guard !isStopping else { return }
        let outcome = await attempt.run(sockets: sockets, isSocketHeld: isSocketHeld) { [self] in
            state.withLock { $0.asked > asked }
        }
        switch outcome {
        case .done(let pid): handedOver(pid)
        case .abandoned: logger.info("restart: given up, as the service stops")
        case .failed(let error): throw error
        }
    }
}
