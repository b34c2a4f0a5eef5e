/// All that is known about a run, fed with one event after the other in the order of time.
struct Record: Sendable {
    var tally = Tally()
    var windows = RestartWindows()
    private(set) var idle = IdleConnections()
    private(set) var beingSent = RequestsBeingSent()
    private(set) var latency = LatencyRecorder()
    var arrivals = ArrivalRecorder()
    private(set) var processes = ProcessRecorder()
    /// Only for a page, which shows it.
    var plot: RequestPlot?
    /// The first few failures.
    private(set) var failures: [Outcome] = []

    init(plots: Bool = false) { plot = plots ? RequestPlot() : nil }

    var addsUp: Bool { tally.addsUp && idle.addsUp && beingSent.addsUp }

    mutating func restartBegan(at time: Duration) {
        windows.begin(at: time)
        idle.restartBegan()
        beingSent.restartBegan(windows.restarts.count - 1)
    }

    mutating func beginSending(_ mode: ProbeMode, by client: Int) { beingSent.begin(client, mode) }

    mutating func sent(by client: Int) { beingSent.sent(client) }

    mutating func issue(_ mode: ProbeMode, by client: Int) {
        tally.issue(mode)
        if mode == .idle { idle.issue(client) }
    }

    mutating func arrive(_ mode: ProbeMode, slips: [Duration]) {
        tally.issue(mode, slips.count)
        arrivals.record(slips: slips)
    }

    mutating func close(_ close: ServerClose, _ mode: ProbeMode, of client: Int) {
        tally.close(close, mode)
        if mode == .idle { idle.close(client) }
    }

    mutating func record(_ outcome: Outcome) {
        tally.record(outcome)
        if outcome.mode == .idle { idle.record(outcome) }
        if outcome.kind == .ok {
            if outcome.mode.showsGaps {
                windows.good(at: outcome.endedAt, isNewConnection: outcome.mode == .newConnection)
            }
            latency.record(outcome, aroundRestart: windows.overlapsRestart(from: outcome.issuedAt))
            if let pid = outcome.pid { processes.record(pid, at: outcome.endedAt) }
        } else if outcome.kind.isFailure, failures.count < ProbePlan.failuresTold {
            failures.append(outcome)
        }
        plot?.add(outcome, generation: outcome.pid.flatMap { processes.index(of: $0) })
        beingSent.record(outcome, restarts: windows.restarts, processes: processes)
    }
}
