/// How the run of a draining server ended.
public enum DrainOutcome: Sendable, Hashable {
    /// Everything had its answer.
    case drained
    /// Something was left at the deadline or when the task was cancelled, and has been cut.
    case cut
}
