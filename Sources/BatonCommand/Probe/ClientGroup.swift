import NIOCore
import NIOPosix

/// All clients of a run, spread over the event loops. Safe to use from any thread.
struct ClientGroup: Sendable {
    private struct Member: Sendable {
        var mode: ProbeMode
        /// Ordered about by a lane of the open loop.
        var isInLane: Bool
        var client: NIOLoopBound<ProbeClient>
        var loop: any EventLoop
        var finished: EventLoopFuture<Void>
    }

    private struct Lane: Sendable {
        var mode: ProbeMode
        var loop: any EventLoop
        var lane: NIOLoopBound<ArrivalLane>
    }

    private let members: [Member]
    private let lanes: [Lane]
    private let clock: ProbeClock

    /// Makes the clients and sets those of the load going: in a closed loop spread over the spacing of their requests.
    init(
        _ plan: ProbePlan,
        server: ServerAddress,
        on loops: [any EventLoop],
        clock: ProbeClock,
        ledger: Ledger
    ) async throws {
        let lanes = try await Self.lanes(plan, on: loops, clock: clock, ledger: ledger)
        var members: [Member] = []
        let modes = plan.clients
        var shared: [NIOLoopBound<SharedConnection>] = []
        for (index, mode) in modes.enumerated() {
            let isInLane = !lanes.isEmpty && index < plan.loadClients
            // Those that share a connection are on one loop.
            let connection = index / (plan.streams ?? 1)
            let lane = isInLane ? lanes[connection % lanes.count] : nil
            let loop = lane?.loop ?? loops[connection % loops.count]
            if mode.sharesConnection, connection == shared.count {
                shared.append(
                    try await loop.submit {
                        NIOLoopBound(SharedConnection(plan, to: server, on: loop, ledger: ledger), eventLoop: loop)
                    }.get()
                )
            }
            let own = mode.sharesConnection ? shared[connection] : nil
            let mode = lane?.mode ?? mode
            let start = plan.spacing * index / modes.count
            members.append(
                try await loop.submit {
                    let request = ProbeRequest.make(for: mode, plan: plan)
                    let settings = ClientMachine.Settings(
                        mode,
                        number: index,
                        request: request,
                        plan: plan,
                        isOpenLoop: isInLane
                    )
                    let client = ProbeClient(settings, loop: loop, clock: clock, ledger: ledger)
                    if let own {
                        client.use(StreamTransport(for: client, on: own.value))
                    } else {
                        client.use(ChannelTransport(for: client, settings, request, to: server, on: loop))
                    }
                    if let lane {
                        lane.lane.value.add(client)
                    } else if !mode.awaitsOrders {
                        client.begin(at: clock.now + start)
                    }
                    return Member(
                        mode: mode,
                        isInLane: isInLane,
                        client: NIOLoopBound(client, eventLoop: loop),
                        loop: loop,
                        finished: client.whenFinished
                    )
                }.get()
            )
        }
        (self.members, self.lanes, self.clock) = (members, lanes, clock)
        // Their requests are due in turn.
        let start = clock.now
        for (index, lane) in lanes.enumerated() {
            let first = start + .nanoseconds(Int64(Double(index) * 1e9 / (plan.arrivalRate ?? 1)))
            lane.loop.execute { lane.lane.value.begin(at: first) }
        }
    }

    /// One for each mode on each loop, none in a closed loop.
    private static func lanes(
        _ plan: ProbePlan,
        on loops: [any EventLoop],
        clock: ProbeClock,
        ledger: Ledger
    ) async throws -> [Lane] {
        guard let rate = plan.arrivalRate else { return [] }
        let kinds = loops.flatMap { loop in plan.modes.map { (loop: loop, mode: $0) } }
        var lanes: [Lane] = []
        for (loop, mode) in kinds {
            lanes.append(
                try await loop.submit {
                    let lane = ArrivalLane(
                        mode,
                        perSecond: rate / Double(kinds.count),
                        timeout: plan.timeout,
                        loop: loop,
                        clock: clock,
                        ledger: ledger
                    )
                    return Lane(mode: mode, loop: loop, lane: NIOLoopBound(lane, eventLoop: loop))
                }.get()
            )
        }
        return lanes
    }

    /// Has the clients that await orders handle one, one after the other, and waits until none of their requests is under
    /// way. Returns early when the task is cancelled.
    ///
    /// They do not wait for each other, so that a server that answers none takes no longer than one timeout; the spacing
    /// keeps them from measuring the queue that they make themselves.
    func order(_ event: ClientMachine.Event) async {
        let ordered = members.filter(\.mode.awaitsOrders)
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let start = clock.now
        for (index, member) in ordered.enumerated() {
            let time = start + ProbePlan.orderSpacing * index
            member.loop.execute { member.client.value.order(event, at: time) { end.yield() } }
        }
        var left = ordered.count
        guard left > 0 else { return }
        for await _ in ends {
            left -= 1
            if left == 0 { return }
        }
    }

    /// Begins nothing more; what is under way, and in an open loop what is due, goes on to its end.
    func stop() {
        send(.stop)
        for lane in lanes { lane.loop.execute { lane.lane.value.stop() } }
    }

    /// Ends now, whatever is under way.
    func abandon() {
        send(.abandon)
        for lane in lanes { lane.loop.execute { lane.lane.value.abandon() } }
    }

    private func send(_ event: ClientMachine.Event) {
        for member in members where !member.isInLane { member.loop.execute { member.client.value.handle(event) } }
    }

    func waitUntilFinished() async throws {
        for member in members { try await member.finished.get() }
    }
}

extension ClientMachine.Settings {
    init(_ mode: ProbeMode, number: Int, request: ProbeRequest, plan: ProbePlan, isOpenLoop: Bool = false) {
        self.init(
            client: number,
            mode: mode,
            expected: request.expected,
            pieces: request.pieces.count,
            firstBurst: mode == .drip ? Self.firstBurst(number, of: request.pieces.count, plan: plan) : 0,
            burst: mode == .drip ? 1 : 0,
            thinkTime: mode == .keepAlivePause || mode == .webSocket ? plan.pause : .zero,
            connectPause: plan.pause,
            piecePause: mode == .drip ? plan.dripInterval : plan.pauseBetweenPieces,
            spacing: plan.spacing,
            isOpenLoop: isOpenLoop,
            pauseAfterFailure: plan.pauseAfterFailure,
            timeout: plan.timeout
        )
    }

    /// The clients start at different places of their first request, so that they are at different places at any time; the
    /// last one has sent all of it, so that it is soon known which process answers.
    private static func firstBurst(_ number: Int, of pieces: Int, plan: ProbePlan) -> Int {
        max(1, pieces * (number - plan.loadClients - plan.webSockets + 1) / plan.drip)
    }
}
