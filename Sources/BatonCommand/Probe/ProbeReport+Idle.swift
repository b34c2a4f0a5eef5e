extension ProbeReport {
    /// The connections of `--idle`.
    struct Idle: Encodable, Sendable {
        /// How many were asked for.
        var connections: Int
        /// All restarts together.
        var total: IdleRound
        /// In their order.
        var restarts: [IdleRound]
    }

    /// What became of the idle connections at one restart. `connections` is the sum of the closed before an answer, the
    /// unanswered, the not asked and the answered.
    struct IdleRound: Encodable, Sendable {
        /// Open and idle when the command began.
        var connections: Int
        /// Answered, and still open when the next restart began or the run ended.
        var survived: Int
        /// Before a request was written.
        var closedDuringRestart: Int
        /// Instead of an answer, or within it.
        var closedOnRequest: Int
        /// By the answer or after it.
        var closedAfterAnswer: Int
        /// A timeout or a wrong answer, with no close by the server.
        var unanswered: Int
        /// The run was stopped before.
        var notAsked: Int
        /// By another process than the request before on that connection.
        var answeredByNewProcess: Int
        var answeredByOldProcess: Int
        /// The answer does not name its process.
        var answeredByUnknownProcess: Int
        /// Of the answered ones.
        var latency: Latency
    }
}

extension ProbeReport.Idle {
    init(_ idle: IdleConnections, plan: ProbePlan) {
        self.init(
            connections: plan.idle,
            total: ProbeReport.IdleRound(idle.rounds.reduce(into: IdleConnections.Round()) { $0 += $1 }),
            restarts: plan.idle == 0 ? [] : idle.rounds.map(ProbeReport.IdleRound.init)
        )
    }
}

extension ProbeReport.IdleRound {
    init(_ round: IdleConnections.Round) {
        self.init(
            connections: round.connections,
            survived: round.survived,
            closedDuringRestart: round.closedDuringRestart,
            closedOnRequest: round.closedOnRequest,
            closedAfterAnswer: round.closedAfterAnswer,
            unanswered: round.unanswered,
            notAsked: round.waiting,
            answeredByNewProcess: round.answeredByNew,
            answeredByOldProcess: round.answeredByOld,
            answeredByUnknownProcess: round.answeredByUnknown,
            latency: ProbeReport.Latency(round.latency)
        )
    }

    var answered: Int { answeredByNewProcess + answeredByOldProcess + answeredByUnknownProcess }
}
