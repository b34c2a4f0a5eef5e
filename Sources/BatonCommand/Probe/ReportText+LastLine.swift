/// What happened, in a sentence.
extension ReportText {
    /// What a pause is told by: new connections, where there are any.
    var pauses: ProbeReport.Gaps {
        report.newConnectionGaps.worstMilliseconds == nil ? report.gaps : report.newConnectionGaps
    }

    /// What matters most.
    var headline: String {
        guard report.addsUp else {
            return "requests begun and requests ended do not add up (\(NumberText.count(report.total.issued)) and "
                + "\(NumberText.count(report.total.recorded))): this report cannot be relied on"
        }
        let during =
            report.restartsAsked > 0
            ? "over \(NumberText.count(report.restarts.count, "restart"))"
            : "in \(NumberText.seconds(report.durationSeconds))"
        return "\(NumberText.count(report.total.failed)) of \(NumberText.count(report.total.issued, "request")) failed "
            + during
    }

    var lastLine: String {
        var line = headline
        guard report.addsUp else { return line }
        if report.restartsAsked > 0 {
            if let worst = pauses.worstMilliseconds, let median = pauses.medianMilliseconds {
                line += "; longest pause \(NumberText.milliseconds(worst)) (median \(NumberText.milliseconds(median)))"
            }
            if report.restartsFailed > 0 {
                line += "; \(NumberText.count(report.restartsFailed, "restart command")) failed"
            }
        }
        if report.idle.connections > 0 {
            let all = report.idle.total
            line +=
                "; \(NumberText.count(all.survived)) of \(NumberText.count(all.connections, "idle connection")) survived"
        }
        let closed = report.total.closedConnections
        if closed > 0 || report.noClose {
            line += closed == 0 ? "; no connection closed" : "; \(NumberText.count(closed, "connection")) closed"
        }
        if answered == 0 { line += "; none was answered" }
        return report.interrupted ? line + "; interrupted" : line
    }
}
