/// One generation of the program: a process, from its start to its end.
package struct Generation: Sendable, Hashable {
    /// Counts every attempt to start one, from 1.
    package let number: Int
    /// The process.
    package let pid: CInt
    /// When it was started.
    package let started: ContinuousClock.Instant
    /// When it took over, if it has.
    package internal(set) var ready: ContinuousClock.Instant?
    /// When it counts as ready, or as failed if it speaks; nil once it has failed.
    var due: ContinuousClock.Instant?
    /// How long it has had when it failed to become ready.
    var overdue: Duration?
    /// Whether it is the program, or still about to become it, which may not be there.
    package var isProgram = true
    /// Whether it has told anything about itself.
    var speaks: Bool
    /// When to tell it to drain.
    var tellAt: ContinuousClock.Instant?
    /// When it is killed.
    package internal(set) var killAt: ContinuousClock.Instant?
    /// Whether it was told that its deadline is now: it cannot ask for more time.
    var isFinal = false
    /// Whether it has been told to drain.
    package internal(set) var isDraining = false
}
