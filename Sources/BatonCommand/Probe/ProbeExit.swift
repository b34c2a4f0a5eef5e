/// The exit status of `baton probe`.
enum ProbeExit: Int32 {
    case nothingFailed = 0
    case somethingFailed = 1
    /// Requests that were begun and requests that ended are not the same number: nothing in the report can be relied on.
    case doesNotAddUp = 3
    /// Stopped by Ctrl-C or TERM before it had done what was asked, with no failure until then.
    case interrupted = 130

    init(_ report: ProbeReport) {
        let ok = report.total.outcomes[OutcomeKind.ok.rawValue] ?? 0
        let isClosed = report.noClose && report.total.closedConnections > 0
        if !report.addsUp {
            self = .doesNotAddUp
        } else if report.total.failed > 0 || isClosed || report.restartsFailed > 0 || (ok == 0 && !report.interrupted) {
            self = .somethingFailed
        } else {
            self = report.interrupted ? .interrupted : .nothingFailed
        }
    }
}
