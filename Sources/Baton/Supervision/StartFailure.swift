/// Why a generation did not become ready.
package enum StartFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// There is no such program, it is none, or there is no process for it; and what was said.
    case notExecuted(String, errno: CInt)
    /// It ended before it was ready, after so long.
    case ended(ProcessEnd, generation: Int, after: Duration)
    /// It was not ready in time, and was killed.
    case notReady(generation: Int, within: Duration)
    /// It has not been waited for: everything stops.
    case stopping

    /// For the operator who has asked for it.
    package var description: String {
        switch self {
        case .notExecuted(let reason, _): "\(reason)"
        case .ended(let end, let generation, let time):
            "generation \(generation) \(end), \(time.milliseconds) ms after its start and before it was ready"
        case .notReady(let generation, let limit):
            "generation \(generation) was not ready within \(limit.seconds) s (--ready-timeout): it did not say READY=1"
        case .stopping: "everything stops"
        }
    }

    /// Whether another attempt right after it is likely to end the same way.
    var isLasting: Bool {
        switch self {
        case .notExecuted, .notReady: true
        case .ended, .stopping: false
        }
    }
}

extension Duration {
    /// Whole milliseconds, for people.
    package var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }

    /// Seconds as people write them: `1`, `0.25`.
    package var seconds: String {
        let milliseconds = self.milliseconds
        guard milliseconds % 1000 != 0 else { return "\(milliseconds / 1000)" }
        let digits = "\(milliseconds % 1000)"
        var fraction = String(repeating: "0", count: 3 - digits.count) + digits
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return "\(milliseconds / 1000).\(fraction)"
    }
}
