import Foundation
import Logging

/// Lines from several threads at a steady rate, each `THREAD NUMBER`, with five fields.
struct Load: Sendable {
    let threads: Int
    let rate: Int
    let seconds: Int

    /// Logs it all; returns how many lines that were, and the longest time that one call took.
    func run(_ logger: Logger) -> String {
        let worst = Worst()
        let lines = rate * seconds / threads
        let running = DispatchGroup()
        for thread in 0..<threads {
            running.enter()
            Thread.detachNewThread {
                let longest = log(lines, thread: thread, logger)
                worst.take(longest)
                running.leave()
            }
        }
        running.wait()
        return "logged \(lines * threads) worst \(Int(worst.time / .microseconds(1)))"
    }

    private func log(_ lines: Int, thread: Int, _ logger: Logger) -> Duration {
        let clock = ContinuousClock()
        let start = clock.now
        var worst = Duration.zero
        for number in 0..<lines {
            // By the clock and not by pauses, so that a late line does not make all others late.
            let due = start + .seconds(1) * number * threads / rate
            let early = clock.now.duration(to: due)
            if early > .zero { Thread.sleep(forTimeInterval: early / .seconds(1)) }
            let before = clock.now
            logger.info(
                "\(thread) \(number)",
                metadata: [
                    "request_id": "\(thread)-\(number)", "method": "GET", "path": "/articles/42", "status": "200",
                    "duration_ms": "\(number % 100)",
                ]
            )
            worst = max(worst, clock.now - before)
        }
        return worst
    }
}
