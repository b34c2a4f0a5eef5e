import Foundation

/// Runs `work` on a thread of its own: calls that wait in the kernel must not hold up the tests' tasks.
func blocking<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: work()) }
    }
}

/// What `work` returns, and how long it took.
func timed<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> (value: Value, time: Duration) {
    await blocking {
        let start = ContinuousClock.now
        let value = work()
        return (value, .now - start)
    }
}

enum Threads {
    /// Runs `work` on so many threads, and waits for all of them.
    static func run(_ count: Int, _ work: @escaping @Sendable (Int) -> Void) {
        let done = DispatchGroup()
        for number in 0..<count {
            done.enter()
            Thread.detachNewThread {
                work(number)
                done.leave()
            }
        }
        done.wait()
    }
}
