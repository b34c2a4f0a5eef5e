import NIOCore

/// The time since the probe's start, on the monotonic clock of the event loops' timers.
struct ProbeClock: Sendable {
    private let zero = NIODeadline.now()

    var now: Duration { Duration(NIODeadline.now() - zero) }

    func deadline(at time: Duration) -> NIODeadline { zero + TimeAmount(time) }
}
