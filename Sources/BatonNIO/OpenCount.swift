internal import Synchronization

/// How many connections are open or, if none is, since when: in one word, so that the two never contradict each other.
///
/// Thread-safe, and without a lock.
final class OpenCount: Sendable {
    private let epoch = ContinuousClock.now
    /// Above zero: how many are open. Else none has been open since so many nanoseconds, negated, after the epoch.
    private let word = Atomic<Int64>(0)
    /// Whether whoever waits in ``waitUntilNone()`` is to be told.
    private let isAwaited = Atomic(false)
    private let (noneLeft, tellNoneLeft) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// How many are open.
    var open: Int { Int(max(0, word.load(ordering: .sequentiallyConsistent))) }

    /// Since when none is open; nil while one is.
    var noneSince: ContinuousClock.Instant? {
        let value = word.load(ordering: .sequentiallyConsistent)
        return value > 0 ? nil : epoch + .nanoseconds(-value)
    }

    /// Measures from now on, if none is open.
    func restart() {
        change { $0 > 0 ? $0 : -elapsed }
    }

    /// So many more are open.
    func opened(_ more: Int) {
        change { max(0, $0) + Int64(more) }
    }

    /// One less is open.
    ///
    /// - Returns: Whether it was the last.
    func closed() -> Bool {
        guard change({ $0 > 1 ? $0 - 1 : -elapsed }) <= 0 else { return false }
        let isToBeTold = isAwaited.exchange(false, ordering: .sequentiallyConsistent)
        if isToBeTold { tellNoneLeft.yield() }
        return true
    }

    /// Returns when none has been open for that long without a break. To be called by one task at a time.
    ///
    /// It sleeps until that can be so at the earliest: connections that come and go meanwhile cost nothing.
    ///
    /// - Returns: False if the task has been cancelled.
    func waitUntilNone(for limit: Duration) async -> Bool {
        while !Task.isCancelled {
            if let since = noneSince {
                if since + limit <= .now { return true }
                try? await Task.sleep(until: since + limit)
            } else {
                await waitUntilNone()
            }
        }
        return false
    }

    /// Returns when none is open; now and then without a reason.
    private func waitUntilNone() async {
        isAwaited.store(true, ordering: .sequentiallyConsistent)
        // The last one may have closed before anybody was to be told of it.
        guard open > 0 else { return }
        for await _ in noneLeft { return }
    }

    private var elapsed: Int64 {
        let (seconds, attoseconds) = (ContinuousClock.now - epoch).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    @discardableResult
    private func change(_ transform: (Int64) -> Int64) -> Int64 {
        var old = word.load(ordering: .relaxed)
        while true {
            let new = transform(old)
            let (isDone, current) = word.compareExchange(
                expected: old,
                desired: new,
                ordering: .sequentiallyConsistent
            )
            if isDone { return new }
            old = current
        }
    }
}
