/// All that is known about a run, fed with one event after the other in the order of time.
struct Record: Sendable {
    var tally = Tally()
    var windows = RestartWindows()
    private(set) var latency = LatencyRecorder()
    private(set) var processes = ProcessRecorder()
    /// The first few failures.
    private(set) var failures: [Outcome] = []

    mutating func record(_ outcome: Outcome) {
        tally.record(outcome)
        if outcome.kind == .ok {
            windows.good(at: outcome.endedAt, isNewConnection: outcome.mode == .newConnection)
            latency.record(outcome, aroundRestart: windows.overlapsRestart(from: outcome.issuedAt))
            if let pid = outcome.pid { processes.record(pid, at: outcome.endedAt) }
        } else if outcome.kind.isFailure, failures.count < ProbePlan.failuresTold {
            failures.append(outcome)
        }
    }
}
