import NIOCore
import NIOPosix

/// All clients of a run, spread over the event loops. Safe to use from any thread.
struct ClientGroup: Sendable {
    private struct Member: Sendable {
        var mode: ProbeMode
        var client: NIOLoopBound<ProbeClient>
        var loop: any EventLoop
        var finished: EventLoopFuture<Void>
    }

    private let members: [Member]
    private let clock: ProbeClock

    /// Makes the clients and sets those of the load going, spread over the spacing of their requests.
    init(
        _ plan: ProbePlan,
        address: SocketAddress,
        on group: any EventLoopGroup,
        clock: ProbeClock,
        ledger: Ledger
    ) async throws {
        var members: [Member] = []
        let modes = plan.clients
        for (index, mode) in modes.enumerated() {
            let loop = group.next()
            let start = plan.spacing * index / modes.count
            members.append(
                try await loop.submit {
                    let request = ProbeRequest.make(for: mode, plan: plan)
                    let client = ProbeClient(
                        ClientMachine.Settings(mode, number: index, request: request, plan: plan),
                        request: request,
                        address: address,
                        loop: loop,
                        clock: clock,
                        ledger: ledger
                    )
                    if !mode.awaitsOrders { client.begin(at: clock.now + start) }
                    return Member(
                        mode: mode,
                        client: NIOLoopBound(client, eventLoop: loop),
                        loop: loop,
                        finished: client.whenFinished
                    )
                }.get()
            )
        }
        self.members = members
        self.clock = clock
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

    func send(_ event: ClientMachine.Event) {
        for member in members { member.loop.execute { member.client.value.handle(event) } }
    }

    func waitUntilFinished() async throws {
        for member in members { try await member.finished.get() }
    }
}

extension ClientMachine.Settings {
    init(_ mode: ProbeMode, number: Int, request: ProbeRequest, plan: ProbePlan) {
        self.init(
            client: number,
            mode: mode,
            expected: request.expected,
            pieces: request.pieces.count,
            firstBurst: mode == .drip ? Self.firstBurst(number, of: request.pieces.count, plan: plan) : 0,
            burst: mode == .drip ? 1 : 0,
            thinkTime: mode == .keepAlivePause ? plan.pause : .zero,
            connectPause: plan.pause,
            piecePause: mode == .drip ? plan.dripInterval : plan.pauseBetweenPieces,
            spacing: plan.spacing,
            timeout: plan.timeout
        )
    }

    /// The clients start at different places of their first request, so that they are at different places at any time; the
    /// last one has sent all of it, so that it is soon known which process answers.
    private static func firstBurst(_ number: Int, of pieces: Int, plan: ProbePlan) -> Int {
        max(1, pieces * (number - plan.connections + 1) / plan.drip)
    }
}
