import Histogram

/// What becomes of the idle connections at each restart. Fed by the ledger, in the order of time.
///
/// A restart holds the connections that were answered and idle when its command began. Each of them ends in one of the
/// numbers of its round; those that were answered can still be closed until the next restart begins.
struct IdleConnections: Sendable {
    /// The connections of one restart.
    struct Round: Sendable {
        /// Idle when the command began.
        var connections = 0
        /// Not asked yet; when the run is over, those that there was no time for.
        var waiting = 0
        /// Closed before the request was written.
        var closedDuringRestart = 0
        /// Closed instead of an answer, or within it.
        var closedOnRequest = 0
        /// Asked, and not answered as they should be, with no close by the server.
        var unanswered = 0
        /// Answered by another process than the last time.
        var answeredByNew = 0
        var answeredByOld = 0
        /// Answered without the name of a process, now or the last time.
        var answeredByUnknown = 0
        /// Closed after the answer, or by it, before the next restart.
        var closedAfterAnswer = 0
        /// From the request to the end of the answer, in microseconds.
        var latency = Histogram<UInt64>(numberOfSignificantValueDigits: .two)

        var answered: Int { answeredByNew + answeredByOld + answeredByUnknown }
        /// Answered, and still open.
        var survived: Int { answered - closedAfterAnswer }
    }

    private enum Stage {
        /// The first request of a connection is under way.
        case opening
        /// The restart is the last one that it has answered after.
        case idle(pid: Int?, restart: Int?)
        case held(pid: Int?, restart: Int)
        case asked(pid: Int?, restart: Int)
    }

    /// By restart.
    private(set) var rounds: [Round] = []
    /// By client; absent without a connection.
    private var stages: [Int: Stage] = [:]

    /// Every connection that was held is accounted for, but for those whose answer is awaited.
    var addsUp: Bool {
        rounds.allSatisfy { round in
            let ended = round.closedDuringRestart + round.closedOnRequest + round.unanswered + round.answered
            return round.connections == round.waiting + ended && round.survived >= 0
        }
    }

    mutating func restartBegan() {
        let restart = rounds.count
        rounds.append(Round())
        for (client, stage) in stages {
            guard case .idle(let pid, _) = stage else { continue }
            stages[client] = .held(pid: pid, restart: restart)
            rounds[restart].connections += 1
            rounds[restart].waiting += 1
        }
    }

    mutating func issue(_ client: Int) {
        switch stages[client] {
        case .held(let pid, let restart):
            stages[client] = .asked(pid: pid, restart: restart)
            rounds[restart].waiting -= 1
        case nil, .opening, .idle, .asked:
            stages[client] = .opening
        }
    }

    mutating func close(_ client: Int) {
        switch stages.removeValue(forKey: client) {
        case .held(_, let restart):
            rounds[restart].waiting -= 1
            rounds[restart].closedDuringRestart += 1
        case .asked(_, let restart): rounds[restart].closedOnRequest += 1
        case .idle(_, let restart?): rounds[restart].closedAfterAnswer += 1
        case nil, .opening, .idle(_, nil): break
        }
    }

    mutating func record(_ outcome: Outcome) {
        guard let stage = stages.removeValue(forKey: outcome.client) else { return }
        var last: Int?
        if case .asked(let pid, let restart) = stage {
            last = restart
            record(outcome, in: restart, lastPID: pid)
        }
        if outcome.kind == .ok { stages[outcome.client] = .idle(pid: outcome.pid, restart: last) }
    }

    private mutating func record(_ outcome: Outcome, in restart: Int, lastPID: Int?) {
        guard outcome.kind == .ok else {
            rounds[restart].unanswered += 1
            return
        }
        rounds[restart].latency.record(UInt64(clamping: outcome.latency.wholeMicroseconds))
        if let pid = outcome.pid, let lastPID {
            if pid == lastPID { rounds[restart].answeredByOld += 1 } else { rounds[restart].answeredByNew += 1 }
        } else {
            rounds[restart].answeredByUnknown += 1
        }
    }
}

extension IdleConnections.Round {
    static func += (sum: inout Self, other: Self) {
        let counts: [WritableKeyPath<Self, Int>] = [
            \.connections, \.waiting, \.closedDuringRestart, \.closedOnRequest, \.unanswered, \.answeredByNew,
            \.answeredByOld, \.answeredByUnknown, \.closedAfterAnswer,
        ]
        for count in counts { sum[keyPath: count] += other[keyPath: count] }
        sum.latency.add(other.latency)
    }
}
