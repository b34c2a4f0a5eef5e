import NIOCore
import NIOPosix
import struct Systemd.Locked

/// One run from the first request to the last: load, restarts, stopping. Safe to use from any thread.
final class ProbeRun: Sendable {
    struct Result: Sendable {
        var record: Record
        /// Until the clients were told to stop.
        var duration: Duration
        var wasInterrupted: Bool
        /// Until then, by the probe itself: in all, and by each event loop.
        var processorTime: Duration = .zero
        var loopTimes: [LoopTime] = []
    }

    struct LoopTime: Sendable {
        var used: Duration
        /// With work to do, and no processor to do it on.
        var waited: Duration
    }

    private struct State {
        var interrupts = 0
        var clients: ClientGroup?
        var load: Task<Void, Never>?
        var command: RestartCommand?
    }

    let plan: ProbePlan
    private let server: ServerAddress
    let ledger: Ledger
    let clock = ProbeClock()
    private let state = Locked(State())

    init(_ plan: ProbePlan, server: ServerAddress) {
        (self.plan, self.server) = (plan, server)
        ledger = Ledger(clock: clock, plots: plan.hasPage)
    }

    func run() async throws -> Result {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: plan.threads)
        let loops = Array(group.makeIterator())
        let before = ProcessorTime.ofProcess
        let clients = try await ClientGroup(plan, server: server, on: loops, clock: clock, ledger: ledger)
        let load = Task { await self.load(clients) }
        state.withLock {
            ($0.clients, $0.load) = (clients, load)
            if $0.interrupts > 0 { load.cancel() }
            if $0.interrupts > 1 { clients.abandon() }
        }
        await load.value
        ledger.loadEnded()
        let duration = clock.now
        clients.stop()
        let processorTime = ProcessorTime.ofProcess - before
        // The threads of the loops have done nothing else.
        var loopTimes: [LoopTime] = []
        for loop in loops {
            loopTimes.append(
                try await loop.submit {
                    LoopTime(used: ProcessorTime.ofThread, waited: ProcessorTime.waitOfThread)
                }.get()
            )
        }
        let grace = Task { await self.abandonWhenGraceIsOver() }
        try await clients.waitUntilFinished()
        grace.cancel()
        try await group.shutdownGracefully()
        return Result(
            record: ledger.snapshot,
            duration: duration,
            wasInterrupted: state.withLock { $0.interrupts > 0 },
            processorTime: processorTime,
            loopTimes: loopTimes
        )
    }

    /// The first time: begins nothing more. The second time: ends everything that is under way.
    func interrupt() {
        state.withLock { state in
            state.interrupts += 1
            state.load?.cancel()
            guard state.interrupts > 1 else { return }
            state.command?.kill()
            state.clients?.abandon()
        }
    }

    private func load(_ clients: ClientGroup) async {
        // A sleep that throws was cancelled: then nothing more is begun.
        switch plan.load {
        case .steady(let duration): try? await Task.sleep(for: duration)
        case .restarts(let restarts): try? await restart(restarts, clients)
        }
    }

    private func restart(_ restarts: ProbePlan.RestartPlan, _ clients: ClientGroup) async throws {
        await clients.order(.open)
        try await Task.sleep(for: restarts.settle)
        var start = clock.now
        for number in 1...restarts.count {
            if number > 1 {
                start = max(start + restarts.interval, clock.now)
                try await Task.sleep(for: start - clock.now)
            }
            // In place of those that were closed.
            await clients.order(.open)
            try Task.checkCancellation()
            let command = RestartCommand(restarts.command, timeout: restarts.timeout, descriptors: plan.descriptors)
            state.withLock { $0.command = command }
            ledger.restartBegan()
            ledger.restartEnded(await command.run())
            try Task.checkCancellation()
            await clients.order(.ask)
            try Task.checkCancellation()
        }
        try await Task.sleep(for: restarts.settle)
    }

    /// Without an interrupt the requests under way have their own time limits.
    private func abandonWhenGraceIsOver() async {
        guard state.withLock({ $0.interrupts > 0 }) else { return }
        guard (try? await Task.sleep(for: ProbePlan.interruptGrace)) != nil else { return }
        state.withLock { $0.clients }?.abandon()
    }
}
