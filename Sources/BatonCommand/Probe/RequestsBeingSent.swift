/// Requests that were in the middle of being sent when a restart began, and who answered them.
struct RequestsBeingSent: Sendable {
    /// A request that is sent over several restarts counts at each of them.
    struct Count: Equatable, Sendable {
        var requests = 0
        /// By a process that was not seen before the restart began.
        var answeredByNew = 0
        var answeredByOld = 0
        /// The answer names no process, or none was seen before the restart.
        var answeredByUnknown = 0
        var unanswered = 0

        var ended: Int { answeredByNew + answeredByOld + answeredByUnknown + unanswered }

        fileprivate mutating func count(_ outcome: Outcome, _ answerer: Answerer) {
            switch answerer {
            case _ where outcome.kind != .ok: unanswered += 1
            case .new: answeredByNew += 1
            case .old: answeredByOld += 1
            case .unknown: answeredByUnknown += 1
            }
        }
    }

    fileprivate enum Answerer { case new, old, unknown }

    private struct Request {
        var mode: ProbeMode
        var isSent = false
        /// Those that began while it was being sent.
        var restarts: [Int] = []
    }

    private(set) var byMode: [ProbeMode: Count] = [:]
    /// By client, from the first byte to the outcome.
    private var requests: [Int: Request] = [:]

    var addsUp: Bool { byMode.values.allSatisfy { $0.requests == $0.ended } }

    mutating func begin(_ client: Int, _ mode: ProbeMode) { requests[client] = Request(mode: mode) }

    mutating func sent(_ client: Int) { requests[client]?.isSent = true }

    mutating func restartBegan(_ restart: Int) {
        for (client, request) in requests where !request.isSent {
            requests[client]?.restarts.append(restart)
            byMode[request.mode, default: Count()].requests += 1
        }
    }

    mutating func record(_ outcome: Outcome, restarts: [RestartWindows.Restart], processes: ProcessRecorder) {
        guard let request = requests.removeValue(forKey: outcome.client) else { return }
        for restart in request.restarts {
            let answerer = Self.answerer(outcome.pid, after: restarts[restart].startedAt, processes)
            byMode[request.mode, default: Count()].count(outcome, answerer)
        }
    }

    /// Old is a process that had answered before the restart began; that tells nothing if none had.
    private static func answerer(_ pid: Int?, after start: Duration, _ processes: ProcessRecorder) -> Answerer {
        guard let pid, let seen = processes.firstSeen(pid), let first = processes.inOrder.first?.firstSeen,
            first < start
        else { return .unknown }
        return seen < start ? .old : .new
    }
}
