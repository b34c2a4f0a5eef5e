import Histogram

/// Latencies of good responses in microseconds, apart for quiet times and around restarts.
struct LatencyRecorder: Sendable {
    private(set) var steady = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
    private(set) var aroundRestarts = Histogram<UInt64>(numberOfSignificantValueDigits: .three)

    mutating func record(_ outcome: Outcome, aroundRestart: Bool) {
        guard outcome.mode.isInHistogram else { return }
        let microseconds = UInt64(clamping: outcome.latency.wholeMicroseconds)
        if aroundRestart { aroundRestarts.record(microseconds) } else { steady.record(microseconds) }
    }
}
