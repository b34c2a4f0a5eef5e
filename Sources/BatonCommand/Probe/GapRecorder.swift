/// The longest gaps between two good responses of one kind of clients: at each restart, and outside of all of them.
struct GapRecorder: Sendable {
    struct Gap: Equatable, Sendable {
        var start: Duration
        var length: Duration
    }

    /// By restart; nil where no gap overlaps it.
    private(set) var gaps: [Gap?] = []
    /// For comparison: the longest that comes from the load alone.
    private(set) var quiet: Duration?
    /// When the last good response came in; nil before the first.
    private(set) var lastGood: Duration?

    /// Their lengths.
    var atRestart: [Duration?] { gaps.map { $0?.length } }

    mutating func restartBegan() { gaps.append(nil) }

    /// A good response has come in, or the observation ends, at `time`.
    ///
    /// - Parameters:
    ///   - time: Not before that of the last call.
    ///   - firstOverlapping: The restarts from this one on overlap the time since its argument.
    mutating func close(at time: Duration, firstOverlapping: (_ start: Duration) -> Int) {
        defer { lastGood = time }
        // Before the first response there is no gap: what it took to come is the latency of that request.
        guard let lastGood else { return }
        let length = time - lastGood
        let first = firstOverlapping(lastGood)
        if first == gaps.count { quiet = max(quiet ?? .zero, length) }
        for restart in first..<gaps.count where length > gaps[restart]?.length ?? .zero || gaps[restart] == nil {
            gaps[restart] = Gap(start: lastGood, length: length)
        }
    }
}
