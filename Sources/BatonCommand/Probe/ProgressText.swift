/// What the line of a running probe says: what matters most first, for a terminal that has no room for all of it.
struct ProgressText {
    /// A time without good answers is told from this length on.
    static let pauseTold: Duration = .milliseconds(100)

    private let load: ProbePlan.Load
    private var last: (time: Duration, requests: Int)?

    init(_ load: ProbePlan.Load) { self.load = load }

    /// The rate is that since the call before.
    mutating func text(_ progress: Progress, at now: Duration) -> String {
        let (before, requests) = last ?? (.zero, 0)
        last = (now, progress.requests)
        let rate = Double(progress.requests - requests) / max((now - before).inSeconds, 1e-3)
        var parts: [String]
        switch load {
        case .steady(let duration) where progress.left == nil:
            parts = ["\(NumberText.seconds(now.inSeconds)) of \(NumberText.seconds(duration.inSeconds))"]
        case .steady:
            parts = [NumberText.seconds(now.inSeconds)]
        case .restarts(let plan):
            parts = [NumberText.seconds(now.inSeconds), "restart \(progress.restarts) of \(plan.count)"]
        }
        parts.append("\(NumberText.count(progress.failures)) failed")
        if let left = progress.left {
            parts.append("waiting for \(NumberText.count(left, "request")) under way")
        } else if let lastGood = progress.lastGood, now - lastGood >= Self.pauseTold {
            parts.append("pause of \(NumberText.milliseconds((now - lastGood).inMilliseconds))")
        }
        parts += [
            "\(NumberText.count(Int(rate.rounded()))) requests/s", "\(NumberText.count(progress.requests)) in all",
        ]
        if let pid = progress.pid { parts.append("pid \(pid)") }
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
    /// How many requests are still under way when the load is over; nil before.
    var left: Int?
}
