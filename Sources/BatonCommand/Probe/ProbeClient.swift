import NIOCore

/// Carries out on an event loop what one `ClientMachine` says. Only to be used on that loop.
final class ProbeClient {
    private let loop: any EventLoop
    private let clock: ProbeClock
    private let ledger: Ledger
    private let finished: EventLoopPromise<Void>
    private var machine: ClientMachine
    /// It knows the client, until that has finished.
    private var transport: (any ProbeTransport)?
    private var dueTimer: Scheduled<Void>?
    /// Which request is the next: whatever else was to be the next is not sent.
    private var dueNumber = 0
    private var pauseTimer: Scheduled<Void>?
    private var deadlineTimer: Scheduled<Void>?
    private var orderEnded: (() -> Void)?
    /// The open loop's: called when a request of its has ended.
    var whenFree: (() -> Void)?

    init(
        _ settings: ClientMachine.Settings,
        loop: any EventLoop,
        clock: ProbeClock,
        ledger: Ledger
    ) {
        (self.loop, self.clock, self.ledger) = (loop, clock, ledger)
        machine = ClientMachine(settings)
        finished = loop.makePromise()
    }

    var whenFinished: EventLoopFuture<Void> { finished.futureResult }

    /// Before anything else.
    func use(_ transport: any ProbeTransport) { self.transport = transport }

    func begin(at time: Duration) { perform(.next(at: time), at: clock.now) }

    /// Has the machine handle an order at `time`. `ended` is called when it has no request under way after that, unless
    /// it has finished before.
    func order(_ event: ClientMachine.Event, at time: Duration, then ended: @escaping () -> Void) {
        dueTimer = loop.assumeIsolated().scheduleTask(deadline: clock.deadline(at: time)) {
            self.orderEnded = ended
            self.handle(event)
            if self.machine.flight == nil { self.endOrder() }
        }
    }

    /// Sends a request of the open loop. Only to be called when the client is free.
    func send(due: Duration) {
        handle(.send(due: due))
        armDeadline()
    }

    private func endOrder() {
        orderEnded?()
        orderEnded = nil
    }

    func handle(_ event: ClientMachine.Event) {
        let now = clock.now
        for action in machine.handle(event, at: now) { perform(action, at: now) }
    }

    private func perform(_ action: ClientMachine.Action, at now: Duration) {
        switch action {
        case .record(let outcome):
            ledger.record(outcome)
            endOrder()
        case .issued:
            ledger.issue(machine.settings.mode, by: machine.settings.client)
            armDeadline()
        case .connect: transport?.connect()
        case .close: transport?.close()
        case .leaveToServer: transport?.leaveToServer()
        case .write(let part): transport?.write(part)
        case .sending: ledger.beginSending(machine.settings.mode, by: machine.settings.client)
        case .sent: ledger.sent(by: machine.settings.client)
        case .closed(let close): ledger.close(close, machine.settings.mode, of: machine.settings.client)
        case .note(let close): ledger.note(close, machine.settings.mode)
        case .pause(let duration):
            pauseTimer?.cancel()
            pauseTimer = schedule(at: now + duration, .pauseOver)
        case .free: whenFree?()
        // What is due now needs no timer, which has to be made, sorted in and taken out again.
        case .next(let time) where time <= now:
            let due = nextDue()
            loop.assumeIsolated().execute(due)
        case .next(let time):
            let due = nextDue()
            dueTimer = loop.assumeIsolated().scheduleTask(deadline: clock.deadline(at: time), due)
        case .finished:
            for timer in [dueTimer, pauseTimer, deadlineTimer] { timer?.cancel() }
            transport?.end()
            (transport, whenFree) = (nil, nil)
            finished.succeed()
        }
    }

    /// Takes the place of what was to be next: a connection that ends while it is idle is a request that failed, and has a next one.
    private func nextDue() -> () -> Void {
        dueTimer?.cancel()
        dueNumber += 1
        return { [number = dueNumber] in
            if number == self.dueNumber { self.handle(.due) }
        }
    }

    private func schedule(at time: Duration, _ event: ClientMachine.Event) -> Scheduled<Void> {
        loop.assumeIsolated().scheduleTask(deadline: clock.deadline(at: time)) { self.handle(event) }
    }

    /// One timer looks after all requests in turn: one each would have to be cancelled thousands of times a second.
    private func armDeadline() {
        guard deadlineTimer == nil, let deadline = machine.flight?.deadline else { return }
        deadlineTimer = loop.assumeIsolated().scheduleTask(deadline: clock.deadline(at: deadline)) {
            self.deadlineTimer = nil
            self.handle(.deadline)
            if !self.machine.isFinished { self.armDeadline() }
        }
    }
}
