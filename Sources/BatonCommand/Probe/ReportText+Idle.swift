extension ReportText {
    var idle: [String] {
        guard let (fates, answers) = idleRows else { return [] }
        return TextTable(["idle connections"] + fates.header.dropFirst(), fates.rows).lines + [""]
            + TextTable(["first requests on them"] + answers.header.dropFirst(), answers.rows).lines
    }

    /// What became of the idle connections, and who answered on them; nil without any.
    var idleRows: (fates: Rows, answers: Rows)? {
        guard report.idle.connections > 0, !report.idle.restarts.isEmpty else { return nil }
        var rounds = report.idle.restarts.enumerated().map { ("restart \($0.offset + 1)", $0.element) }
        if rounds.count > 1 { rounds.append(("all", report.idle.total)) }
        return (fates(rounds), answers(rounds))
    }

    private func fates(_ rounds: [(words: String, round: ProbeReport.IdleRound)]) -> Rows {
        let header = [
            "restart", "open", "survived", "closed in restart", "on request", "after answer", "unanswered",
        ]
        let rows = rounds.map { words, round in
            let numbers = [
                round.connections, round.survived, round.closedDuringRestart, round.closedOnRequest,
                round.closedAfterAnswer, round.unanswered + round.notAsked,
            ]
            return [words] + numbers.map { NumberText.count($0) }
        }
        return (header, rows)
    }

    private func answers(_ rounds: [(words: String, round: ProbeReport.IdleRound)]) -> Rows {
        let header = [
            "restart", "answered", "by new process", "by old", "by unknown", "p50", "p99", "p99.9", "max",
        ]
        let rows = rounds.map { words, round in
            let numbers = [
                round.answered, round.answeredByNewProcess, round.answeredByOldProcess, round.answeredByUnknownProcess,
            ]
            return [words] + numbers.map { NumberText.count($0) } + Self.times(round.latency)
        }
        return (header, rows)
    }
}
