extension ProbeReport {
    /// Requests of which a part was sent when a restart began, at each restart. `requests` is the sum of the others.
    struct BeingSent: Encodable, Sendable {
        var mode: String
        var requests: Int
        /// By a process that had not answered before the restart began.
        var answeredByNewProcess: Int
        var answeredByOldProcess: Int
        /// The answer does not name its process, or none had answered before the restart.
        var answeredByUnknownProcess: Int
        var unanswered: Int
    }
}

extension ProbeReport.BeingSent {
    init(_ mode: ProbeMode, _ beingSent: RequestsBeingSent) {
        let count = beingSent.byMode[mode, default: RequestsBeingSent.Count()]
        self.init(
            mode: mode.rawValue,
            requests: count.requests,
            answeredByNewProcess: count.answeredByNew,
            answeredByOldProcess: count.answeredByOld,
            answeredByUnknownProcess: count.answeredByUnknown,
            unanswered: count.unanswered
        )
    }
}

extension ReportText {
    /// Who answered the requests that restarts began in the middle of; no rows without any.
    var beingSentRows: Rows {
        let header = ["requests", "answered by new process", "by old", "by unknown", "unanswered"]
        guard report.restartsAsked > 0 else { return (["mode"] + header, []) }
        let rows = report.beingSentAtRestarts.map { mode in
            let numbers = [
                mode.requests, mode.answeredByNewProcess, mode.answeredByOldProcess, mode.answeredByUnknownProcess,
                mode.unanswered,
            ]
            return [mode.mode] + numbers.map { NumberText.count($0) }
        }
        return (["mode"] + header, rows)
    }

    var beingSent: [String] {
        let (header, rows) = beingSentRows
        return rows.isEmpty ? [] : TextTable(["being sent when a restart began"] + header.dropFirst(), rows).lines
    }
}
