/// What the line of a running probe says.
struct ProgressText {
    /// A time without good answers is told from this length on.
    static let pauseTold: Duration = .milliseconds(100)

    /// How many restarts there will be; nil without any.
    var restarts: Int?
    private var last: (time: Duration, requests: Int)?

    init(_ load: ProbePlan.Load) {
        if case .restarts(let plan) = load { restarts = plan.count }
    }

    /// The rate is that since the call before.
    mutating func text(_ progress: Progress, at now: Duration) -> String {
        let (before, requests) = last ?? (.zero, 0)
        last = (now, progress.requests)
        let rate = Double(progress.requests - requests) / max((now - before).inSeconds, 1e-3)
        var parts = [
            NumberText.seconds(now.inSeconds), "\(NumberText.count(Int(rate.rounded()))) requests/s",
            "\(NumberText.count(progress.requests)) in all", "\(NumberText.count(progress.failures)) failed",
        ]
        if let restarts { parts.append("restart \(progress.restarts) of \(restarts)") }
        if let pid = progress.pid { parts.append("pid \(pid)") }
        if let lastGood = progress.lastGood, now - lastGood >= Self.pauseTold {
            parts.append("pause \(NumberText.milliseconds((now - lastGood).inMilliseconds))")
        }
        return parts.joined(separator: ", ")
    }
}

/// How far a run is.
struct Progress: Sendable {
    var requests: Int
    var failures: Int
    /// Begun.
    var restarts: Int
    /// The process that answered last.
    var pid: Int?
    /// When the last good answer came; nil before the first.
    var lastGood: Duration?
}
