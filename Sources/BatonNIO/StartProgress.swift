internal import Baton

/// Tells the service manager that a start takes its time, and why.
///
/// Each report gives the start ``patience`` more from then on, beyond the unit's `TimeoutStartSec=` too, until the start's
/// own limit (``Lifecycle/longestStart``) is reached. Thread-safe.
public struct StartProgress: Sendable {
    /// How long the service manager waits for the next report.
    public static let patience = Duration.seconds(15)

    private let reporter: ServiceReporter
    private let deadline: ContinuousClock.Instant

    init(reporter: ServiceReporter, limit: Duration) {
        self.reporter = reporter
        self.deadline = .now + limit
    }

    /// Says what the start is at: `systemctl status` shows it.
    ///
    /// - Parameter status: A line, such as `loading table 3 of 10`.
    public func report(_ status: String) {
        let left = deadline - .now
        guard left > .zero else { return }
        reporter.starting("starting: \(status)", extension: min(Self.patience, left))
    }
}
