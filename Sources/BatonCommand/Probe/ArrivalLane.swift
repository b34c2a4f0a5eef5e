import NIOCore

/// The requests of an open loop that one mode has on one event loop, and the clients that send them. Only to be used on that
/// loop.
///
/// A request goes to the client that was free last: so there are as many connections as are needed, and no more.
final class ArrivalLane {
    private let mode: ProbeMode
    private let timeout: Duration
    private let loop: any EventLoop
    private let clock: ProbeClock
    private let ledger: Ledger
    private var schedule: ArrivalSchedule
    private var clients: [ProbeClient] = []
    private var free: [ProbeClient] = []
    private var timer: Scheduled<Void>?
    private var isStopping = false

    init(
        _ mode: ProbeMode,
        perSecond: Double,
        timeout: Duration,
        loop: any EventLoop,
        clock: ProbeClock,
        ledger: Ledger
    ) {
        (self.mode, self.timeout, schedule) = (mode, timeout, ArrivalSchedule(perSecond: perSecond))
        (self.loop, self.clock, self.ledger) = (loop, clock, ledger)
    }

    /// Before `begin(at:)`.
    func add(_ client: ProbeClient) {
        clients.append(client)
        client.whenFree = { [unowned self, unowned client] in release(client) }
        free.append(client)
    }

    func begin(at time: Duration) {
        schedule.begin(at: time)
        arm()
    }

    /// Nothing more becomes due; what is due is sent.
    func stop() {
        schedule.end()
        isStopping = true
        timer?.cancel()
        finishIfDone()
    }

    /// Gives up what is due, and what is under way.
    func abandon() {
        stop()
        while let due = schedule.take() { fail(due, .abandoned, "stopped by the user; not sent") }
        for client in clients { client.handle(.abandon) }
    }

    private func release(_ client: ProbeClient) {
        free.append(client)
        advance()
    }

    private func advance() {
        let now = clock.now
        let slips = schedule.arrive(at: now)
        if !slips.isEmpty { ledger.arrive(mode, slips: slips) }
        while schedule.waiting > 0, let client = free.popLast() {
            guard let due = nextInTime(at: now) else {
                free.append(client)
                break
            }
            client.send(due: due)
        }
        let waiting = min(slips.count, schedule.waiting)
        if waiting > 0 { ledger.waitForConnection(waiting) }
        finishIfDone()
    }

    /// What has waited too long for a connection fails, without being sent.
    private func nextInTime(at now: Duration) -> Duration? {
        while let due = schedule.take() {
            if now - due < timeout { return due }
            fail(due, .timeout, "no connection was free within \(timeout.inSeconds) s; not sent")
        }
        return nil
    }

    private func fail(_ due: Duration, _ kind: OutcomeKind, _ detail: String) {
        ledger.record(
            Outcome(mode: mode, kind: kind, detail: detail, issuedAt: due, endedAt: clock.now, paused: .zero, pid: nil)
        )
    }

    private func finishIfDone() {
        guard isStopping, schedule.waiting == 0 else { return }
        for client in clients { client.handle(.stop) }
    }

    private func arm() {
        guard let next = schedule.next else { return }
        timer = loop.assumeIsolated().scheduleTask(deadline: clock.deadline(at: next)) {
            self.advance()
            self.arm()
        }
    }
}
