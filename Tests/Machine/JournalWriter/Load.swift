import Foundation
import Logging

/// Lines from several threads at a steady rate, each `THREAD NUMBER`, with five fields.
struct Load: Sendable {
    let threads: Int
    let rate: Int
    let seconds: Int

    /// Logs it all; returns how many lines that were, the longest time that one call took, and for how long a thread that only waits
    /// was kept from running.
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
        let oversleep = wait(for: running)
        return "logged \(lines * threads) worst \(Int(worst.time / .microseconds(1))) "
            + "oversleep \(Int(oversleep / .microseconds(1)))"
    }

    /// Waits for all of them, a millisecond at a time; returns how much too long one of these took at most.
    private func wait(for running: DispatchGroup) -> Duration {
        let clock = ContinuousClock()
        var worst = Duration.zero
        var isOver = false
        while !isOver {
            let before = clock.now
            isOver = running.wait(timeout: .now() + .milliseconds(1)) == .success
            worst = max(worst, before.duration(to: clock.now) - .milliseconds(1))
        }
        return worst
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
