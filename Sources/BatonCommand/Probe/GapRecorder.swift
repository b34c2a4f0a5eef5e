/// The longest gaps between two good responses of one kind of clients: at each restart, and outside of all of them.
struct GapRecorder: Sendable {
    /// By restart; nil where no gap overlaps it.
    private(set) var atRestart: [Duration?] = []
    /// For comparison: the longest that comes from the load alone.
    private(set) var quiet: Duration?
    private var lastGood: Duration?

    mutating func restartBegan() { atRestart.append(nil) }

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
        if first == atRestart.count { quiet = max(quiet ?? .zero, length) }
        for restart in first..<atRestart.count { atRestart[restart] = max(atRestart[restart] ?? .zero, length) }
    }
}
