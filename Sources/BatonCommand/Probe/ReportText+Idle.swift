extension ReportText {
    /// What became of the idle connections, and who answered on them.
    var idle: [String] {
        guard report.idle.connections > 0, !report.idle.restarts.isEmpty else { return [] }
        var rows = report.idle.restarts.enumerated().map { ("restart \($0.offset + 1)", $0.element) }
        if rows.count > 1 { rows.append(("all", report.idle.total)) }
        return fates(rows) + [""] + answers(rows)
    }

    private func fates(_ rows: [(words: String, round: ProbeReport.IdleRound)]) -> [String] {
        var table = TextTable([
            "idle connections", "open", "survived", "closed in restart", "on request", "after answer", "unanswered",
        ])
        for (words, round) in rows {
            let numbers = [
                round.connections, round.survived, round.closedDuringRestart, round.closedOnRequest,
                round.closedAfterAnswer, round.unanswered + round.notAsked,
            ]
            table.add([words] + numbers.map { NumberText.count($0) })
        }
        return table.lines
    }

    private func answers(_ rows: [(words: String, round: ProbeReport.IdleRound)]) -> [String] {
        var table = TextTable([
            "first requests on them", "answered", "by new process", "by old", "by unknown", "p50", "p99", "p99.9",
            "max",
        ])
        for (words, round) in rows {
            let numbers = [
                round.answered, round.answeredByNewProcess, round.answeredByOldProcess, round.answeredByUnknownProcess,
            ]
            table.add([words] + numbers.map { NumberText.count($0) } + Self.times(round.latency))
        }
        return table.lines
    }
}
