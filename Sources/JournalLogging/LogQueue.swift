internal import Dispatch
internal import Synchronization
internal import Systemd

/// The lines between the threads that log and the one thread that sends, in order, and never more than the limits allow.
///
/// What does not fit is lost and counted, and the count goes out in a line of its own: before the next line that fits,
/// or, if none comes, when the queue is empty.
final class LogQueue: Sendable {
    /// How much may wait.
    struct Limits: Sendable {
        /// How many lines.
        var lines = 16_384
        /// How much memory they may occupy, in bytes; a single line may be larger.
        var bytes = 16 << 20
    }

    private struct State {
        var waiting: [QueuedLine] = []
        /// How many were lost since the last line that fits.
        var lost = 0
        /// How many were ever lost.
        var allLost = 0
        /// How many lines and bytes have ever been appended.
        var (lines, bytes) = (0, 0)
        var sender = Sender.notStarted
        var flushes: [Flush] = []
    }

    private enum Sender {
        case notStarted
        case working
        /// Looks again after ``pause``: waking a thread costs more than sending a line, so a steady stream of lines must
        /// not do it for each.
        case pausing
        /// Nothing came in a pause: waits for the next line.
        case sleeping
    }

    private static let pause = DispatchTimeInterval.milliseconds(10)

    private struct Flush {
        let lines: Int
        let done: DispatchSemaphore
    }

    private let limits: Limits
    private let send: @Sendable (UnsafeRawBufferPointer) -> Bool
    private let lossReport: @Sendable (Int) -> QueuedLine
    private let state = Locked(State())
    /// How many of the lines appended have left the queue, and what they occupied; only the sender writes these.
    private let sentLines = Atomic(0)
    private let sentBytes = Atomic(0)
    /// How many of the lost have been reported; only the sender writes it.
    private let reported = Atomic(0)
    private let work = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - send: Sends a line and returns whether that worked; called from the sender alone, and may take its time.
    ///   - lossReport: The line that says how many were lost.
    init(
        limits: Limits = Limits(),
        send: @escaping @Sendable (UnsafeRawBufferPointer) -> Bool,
        lossReport: @escaping @Sendable (Int) -> QueuedLine
    ) {
        (self.limits, self.send, self.lossReport) = (limits, send, lossReport)
    }

    /// Appends a line, or counts it as lost; waits for nobody but other callers of this.
    ///
    /// - Parameter urgent: Whether the sender is not to end its pause first.
    func append(_ line: consuming LineBuffer, urgent: Bool = false) {
        let line = line.finish()
        let (taken, wake) = state.withLock { state in
            if state.sender == .notStarted, SenderThread.start({ self.run() }) { state.sender = .working }
            let lines = state.lines - sentLines.load(ordering: .relaxed)
            let bytes = state.bytes - sentBytes.load(ordering: .relaxed)
            let fits = lines == 0 || (lines < limits.lines && bytes + line.capacity <= limits.bytes)
            guard fits, state.sender != .notStarted else {
                countLost(&state)
                return (false, false)
            }
            var line = line
            swap(&line.lostBefore, &state.lost)
            state.waiting.append(line)
            state.lines += 1
            state.bytes += line.capacity
            let isSoonFull = lines > limits.lines / 2 || bytes > limits.bytes / 2
            return (true, wakesSender(&state, fromPauseToo: urgent || isSoonFull))
        }
        if wake { work.signal() }
        if !taken { line.free() }
    }

    private func countLost(_ state: inout State) {
        state.lost += 1
        state.allLost += 1
    }

    /// Whether the sender has to be woken, which the caller does when it has let the lock go.
    private func wakesSender(_ state: inout State, fromPauseToo: Bool) -> Bool {
        guard state.sender == .sleeping || (fromPauseToo && state.sender == .pausing) else { return false }
        state.sender = .working
        return true
    }

    /// Waits until everything appended before has been sent.
    ///
    /// - Parameters:
    ///   - limit: How long to wait at most.
    ///   - patience: How long to wait while nothing is sent at all.
    /// - Returns: How many lines have not been sent, and how many of the lost not reported.
    func flush(within limit: Duration, patience: Duration) -> Int {
        let done = DispatchSemaphore(value: 0)
        let (lines, lost, wake) = state.withLock { state -> (Int?, Int, Bool) in
            guard state.sender != .notStarted, state.sender != .sleeping else { return (nil, state.lost, false) }
            state.flushes.append(Flush(lines: state.lines, done: done))
            return (state.lines, 0, wakesSender(&state, fromPauseToo: true))
        }
        guard let lines else { return lost }
        if wake { work.signal() }
        let deadline = ContinuousClock.now + limit
        while true {
            let before = sentLines.load(ordering: .acquiring)
            let left = min(ContinuousClock.now.duration(to: deadline), patience)
            if done.wait(timeout: .now() + left.dispatchInterval) == .success { return 0 }
            let sent = sentLines.load(ordering: .acquiring)
            if sent == before || .now >= deadline {
                return state.withLock { max(0, lines - sent) + $0.allLost - reported.load(ordering: .acquiring) }
            }
        }
    }

    private func run() {
        var batch: [QueuedLine] = []
        while true {
            report(lost: take(&batch))
            for line in batch {
                report(lost: line.lostBefore)
                if !send(line.bytes) { state.withLock { countLost(&$0) } }
                line.free()
                sentBytes.store(sentBytes.load(ordering: .relaxed) + line.capacity, ordering: .relaxed)
                sentLines.store(sentLines.load(ordering: .relaxed) + 1, ordering: .releasing)
            }
            batch.removeAll(keepingCapacity: true)
        }
    }

    /// Waits for lines and exchanges them for an empty `batch`.
    ///
    /// - Returns: How many lines were lost with none after them.
    private func take(_ batch: inout [QueuedLine]) -> Int {
        while true {
            let (lost, sender) = state.withLock { state -> (Int, Sender) in
                let sent = sentLines.load(ordering: .relaxed)
                if state.lost == 0, !state.flushes.isEmpty {
                    for flush in state.flushes where flush.lines <= sent { flush.done.signal() }
                    state.flushes.removeAll { $0.lines <= sent }
                }
                if !state.waiting.isEmpty {
                    swap(&state.waiting, &batch)
                    state.sender = .working
                    return (0, .working)
                }
                if state.lost > 0 {
                    defer { state.lost = 0 }
                    state.sender = .working
                    return (state.lost, .working)
                }
                state.sender = state.sender == .working ? .pausing : .sleeping
                return (0, state.sender)
            }
            switch sender {
            case .pausing: _ = work.wait(timeout: .now() + Self.pause)
            case .sleeping: work.wait()
            case .working, .notStarted: return lost
            }
        }
    }

    private func report(lost: Int) {
        guard lost > 0 else { return }
        let line = lossReport(lost)
        // If this does not get through either, nobody is left to be told.
        _ = send(line.bytes)
        line.free()
        reported.store(reported.load(ordering: .relaxed) + lost, ordering: .releasing)
    }
}

extension Duration {
    /// A day at most, and nothing below zero.
    fileprivate var dispatchInterval: DispatchTimeInterval {
        let (seconds, attoseconds) = Swift.max(.zero, Swift.min(self, .seconds(86_400))).components
        return .nanoseconds(Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000))
    }
}
