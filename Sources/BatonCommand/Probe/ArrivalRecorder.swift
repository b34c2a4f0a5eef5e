import Histogram

/// How well an open loop kept to its schedule.
struct ArrivalRecorder: Sendable {
    /// From the time a request was due to the time the probe noticed, in microseconds. It is part of the latencies.
    private(set) var slip = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
    /// How many found no connection free when they were due.
    private(set) var waited = 0

    mutating func record(slips: [Duration]) {
        for duration in slips { slip.record(UInt64(clamping: duration.wholeMicroseconds)) }
    }

    mutating func wait(_ count: Int) { waited += count }
}
