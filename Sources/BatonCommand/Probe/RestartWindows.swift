/// When restarts happened, and what gaps between good responses there were at each of them.
///
/// A gap or a request is around a restart if it overlaps the time from the start of its command to its end plus the
/// shadow. Times come in order, and commands run one after the other; nothing is kept per response.
struct RestartWindows: Sendable {
    struct Restart: Sendable {
        var startedAt: Duration
        /// Nil while the command runs, or when the probe ended before it.
        var endedAt: Duration?
        var exit: RestartExit?

        fileprivate func isOver(at time: Duration) -> Bool {
            endedAt.map { $0 + ProbePlan.restartShadow <= time } ?? false
        }
    }

    private(set) var restarts: [Restart] = []
    /// Between any two good responses.
    private(set) var gaps = GapRecorder()
    /// Between two good responses to clients that connect anew for each request.
    private(set) var newConnectionGaps = GapRecorder()
    private(set) var isFinished = false

    /// What a restart's pause is told by: new connections, where there are any.
    var pauses: GapRecorder { newConnectionGaps.gaps.contains { $0 != nil } ? newConnectionGaps : gaps }

    mutating func begin(at time: Duration) {
        restarts.append(Restart(startedAt: time))
        gaps.restartBegan()
        newConnectionGaps.restartBegan()
    }

    mutating func end(at time: Duration, _ exit: RestartExit) {
        guard let last = restarts.indices.last else { return }
        restarts[last].endedAt = time
        restarts[last].exit = exit
    }

    /// Whether a request from `start` until now is around a restart.
    func overlapsRestart(from start: Duration) -> Bool { firstOverlapping(from: start) < restarts.count }

    mutating func good(at time: Duration, isNewConnection: Bool) {
        guard !isFinished else { return }
        gaps.close(at: time, firstOverlapping: firstOverlapping)
        if isNewConnection { newConnectionGaps.close(at: time, firstOverlapping: firstOverlapping) }
    }

    /// Ends the observation; a gap that is still open counts as long as it is now.
    mutating func finish(at time: Duration) {
        good(at: time, isNewConnection: true)
        isFinished = true
    }

    private func firstOverlapping(from start: Duration) -> Int {
        var first = restarts.count
        while first > 0, !restarts[first - 1].isOver(at: start) { first -= 1 }
        return first
    }
}
