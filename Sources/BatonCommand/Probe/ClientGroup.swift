import NIOCore
import NIOPosix

/// All clients of a run, spread over the event loops. Safe to use from any thread.
struct ClientGroup: Sendable {
    private struct Member: Sendable {
        var client: NIOLoopBound<ProbeClient>
        var loop: any EventLoop
        var finished: EventLoopFuture<Void>
    }

    private let members: [Member]

    /// Makes the clients and sets them going, spread over the spacing of their requests.
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
                        ClientMachine.Settings(mode, request: request, plan: plan),
                        request: request,
                        address: address,
                        loop: loop,
                        clock: clock,
                        ledger: ledger
                    )
                    client.begin(at: clock.now + start)
                    return Member(
                        client: NIOLoopBound(client, eventLoop: loop),
                        loop: loop,
                        finished: client.whenFinished
                    )
                }.get()
            )
        }
        self.members = members
    }

    func send(_ event: ClientMachine.Event) {
        for member in members { member.loop.execute { member.client.value.handle(event) } }
    }

    func waitUntilFinished() async throws {
        for member in members { try await member.finished.get() }
    }
}

extension ClientMachine.Settings {
    init(_ mode: ProbeMode, request: ProbeRequest, plan: ProbePlan) {
        self.init(
            mode: mode,
            expected: request.expected,
            pieces: request.pieces.count,
            thinkTime: mode == .keepAlivePause ? plan.pause : .zero,
            connectPause: plan.pause,
            piecePause: plan.pauseBetweenPieces,
            spacing: plan.spacing,
            timeout: plan.timeout
        )
    }
}
