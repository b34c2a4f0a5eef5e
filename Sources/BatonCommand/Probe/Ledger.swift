import struct Systemd.Locked

/// Where all clients write down what they begin and how it ends. Safe to use from any thread.
final class Ledger: Sendable {
    private let state: Locked<Record>
    private let clock: ProbeClock

    /// - Parameter plots: Whether a page will be wanted.
    init(clock: ProbeClock, plots: Bool = false) {
        self.clock = clock
        state = Locked(Record(plots: plots))
    }

    /// Before the first byte, before connect: from here on the request owes an outcome.
    func issue(_ mode: ProbeMode, by client: Int) { state.withLock { $0.issue(mode, by: client) } }

    /// Requests of the open loop have become due: each owes an outcome from here on, whether a connection is free or not.
    func arrive(_ mode: ProbeMode, slips: [Duration]) { state.withLock { $0.arrive(mode, slips: slips) } }

    func waitForConnection(_ count: Int) { state.withLock { $0.arrivals.wait(count) } }

    /// A part of the request is written: from here to `sent` a restart finds it in the middle.
    func beginSending(_ mode: ProbeMode, by client: Int) { state.withLock { $0.beginSending(mode, by: client) } }

    func sent(by client: Int) { state.withLock { $0.sent(by: client) } }

    func record(_ outcome: Outcome) { state.withLock { $0.record(outcome) } }

    func close(_ close: ServerClose, _ mode: ProbeMode, of client: Int) {
        state.withLock { $0.close(close, mode, of: client) }
    }

    func note(_ close: CleanClose, _ mode: ProbeMode) { state.withLock { $0.tally.note(close, mode) } }

    func restartBegan() { state.withLock { $0.restartBegan(at: clock.now) } }

    func restartEnded(_ exit: RestartExit) { state.withLock { $0.windows.end(at: clock.now, exit) } }

    /// The clients are told to stop: what comes now says nothing about gaps any more.
    func loadEnded() { state.withLock { $0.windows.finish(at: clock.now) } }

    var snapshot: Record { state.withLock { $0 } }

    /// The numbers of a progress line.
    var progress: Progress {
        state.withLock { record in
            let total = record.tally.total
            return Progress(
                requests: total.recorded,
                failures: total.failures,
                restarts: record.windows.restarts.count,
                pid: record.processes.last,
                lastGood: record.windows.gaps.lastGood,
                left: record.windows.isFinished ? total.issued - total.recorded : nil
            )
        }
    }
}
