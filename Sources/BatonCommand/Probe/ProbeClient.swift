import NIOCore
import NIOHTTP1
import NIOPosix

/// Carries out on an event loop what one `ClientMachine` says. Only to be used on that loop.
final class ProbeClient {
    private let loop: any EventLoop
    private let address: SocketAddress
    private let request: ProbeRequest
    private let clock: ProbeClock
    private let ledger: Ledger
    private let finished: EventLoopPromise<Void>
    private var machine: ClientMachine
    private var connection: (channel: any Channel, handler: ConnectionHandler)?
    private var leftToServer: (any Channel)?
    private var dueTimer: Scheduled<Void>?
    private var pauseTimer: Scheduled<Void>?
    private var deadlineTimer: Scheduled<Void>?
    private var orderEnded: (() -> Void)?
    /// The open loop's: called when a request of its has ended.
    var whenFree: (() -> Void)?

    init(
        _ settings: ClientMachine.Settings,
        request: ProbeRequest,
        address: SocketAddress,
        loop: any EventLoop,
        clock: ProbeClock,
        ledger: Ledger
    ) {
        (self.loop, self.request, self.address, self.clock, self.ledger) = (loop, request, address, clock, ledger)
        machine = ClientMachine(settings)
        finished = loop.makePromise()
    }

    var whenFinished: EventLoopFuture<Void> { finished.futureResult }

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
        case .connect: connect()
        case .close: release()?.close(promise: nil)
        case .leaveToServer: leaveToServer()
        case .write(let part): write(part)
        case .sending: ledger.beginSending(machine.settings.mode, by: machine.settings.client)
        case .sent: ledger.sent(by: machine.settings.client)
        case .closed(let close): ledger.close(close, machine.settings.mode, of: machine.settings.client)
        case .note(let close): ledger.note(close, machine.settings.mode)
        case .pause(let duration):
            pauseTimer?.cancel()
            pauseTimer = schedule(at: now + duration, .pauseOver)
        case .free: whenFree?()
        case .next(let time):
            dueTimer = schedule(at: time, .due)
        case .finished:
            for timer in [dueTimer, pauseTimer, deadlineTimer] { timer?.cancel() }
            leftToServer?.close(promise: nil)
            whenFree = nil
            finished.succeed()
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

// MARK: - The connection

extension ProbeClient {
    private func connect() {
        // An idle connection needs one descriptor, not two.
        if machine.settings.mode == .idle {
            leftToServer?.close(promise: nil)
            leftToServer = nil
        }
        let handler = ConnectionHandler(client: self)
        let bound = NIOLoopBound((client: self, handler: handler), eventLoop: loop)
        let connecting = ClientBootstrap(group: loop)
            // The machine's own deadline ends an attempt; NIO's, of 10 s, must not come before it.
            .connectTimeout(TimeAmount(machine.settings.timeout + .seconds(60)))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try bound.value.client.prepare(channel, bound.value.handler) }
            }
            .connect(to: address)
        connecting.assumeIsolated().whenFailure { error in
            self.handle(.connectFailed(ConnectionEnd(error)))
        }
    }

    private func prepare(_ channel: any Channel, _ handler: ConnectionHandler) throws {
        let pipeline = channel.pipeline.syncOperations
        if address.protocol != .unix {
            try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
        }
        try pipeline.addHandler(ConnectionHandler.Counter(for: handler))
        if machine.settings.mode == .drip {
            try pipeline.addHandlers([RequestBytesHandler(), ByteToMessageHandler(HTTPResponseDecoder())])
        } else {
            try pipeline.addHTTPClientHandlers()
        }
        try pipeline.addHandler(handler)
        connection = (channel, handler)
    }

    /// Lets go of the connection: nothing that happens on it concerns us any more.
    private func release() -> (any Channel)? {
        defer { connection = nil }
        connection?.handler.detach()
        return connection?.channel
    }

    /// Who closes first has the TIME_WAIT: a client that closed first would run out of ports at some hundred connections
    /// a second. NIO closes the channel at the server's FIN; a server that sends none has until the next response.
    private func leaveToServer() {
        leftToServer?.close(promise: nil)
        leftToServer = release()
    }

    private func write(_ part: ClientMachine.Part) {
        guard let (channel, handler) = connection else { return }
        switch part {
        case .head where request.pieces.isEmpty: send(.head(request.head), on: channel, handler, flush: false)
        case .head: send(.head(request.head), on: channel, handler, flush: true)
        case .piece(let index): send(.body(.byteBuffer(request.pieces[index])), on: channel, handler, flush: true)
        case .end: send(.end(nil), on: channel, handler, flush: true)
        }
    }

    private func send(_ part: HTTPClientRequestPart, on channel: any Channel, _ handler: ConnectionHandler, flush: Bool)
    {
        let promise = loop.makePromise(of: Void.self)
        // When a write fails, NIO has read what was still there to be read and told us, and closes without an error event.
        promise.futureResult.assumeIsolated().whenFailure { error in
            guard self.connection?.handler === handler else { return }
            self.handle(.connectionEnded(ConnectionEnd(error)))
        }
        if flush { channel.writeAndFlush(part, promise: promise) } else { channel.write(part, promise: promise) }
    }
}
