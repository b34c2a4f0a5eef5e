internal import Synchronization

/// Passes some lines on, and says once that there are more. Thread-safe.
package final class LimitedReport: Sendable {
    private let count = Atomic(0)
    private let limit: Int
    private let report: @Sendable (String) -> Void

    /// - Parameters:
    ///   - limit: How many lines are passed on: more would only drown the journal.
    ///   - report: Takes a line.
    package init(limit: Int = 50, _ report: @escaping @Sendable (String) -> Void) {
        self.limit = limit
        self.report = report
    }

    /// Takes a line.
    @Sendable package func callAsFunction(_ line: String) {
        let number = count.add(1, ordering: .relaxed).newValue
        if number <= limit { report(line) }
        if number == limit { report("more connections end like this, without a line for each") }
    }
}
