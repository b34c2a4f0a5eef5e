/// How generations are replaced: what an operator can choose. Server::Starter's defaults.
package struct SupervisionPolicy: Sendable, Hashable {
    /// How long a program that does not speak must live to count as ready; also the first pause between two attempts.
    package var interval = Duration.seconds(1)
    /// Whether the program is known to say `READY=1`.
    package var expectsReady = false
    /// How long a program that speaks may take until it is ready.
    package var readyTimeout = Duration.seconds(60)
    /// What tells an old generation to drain when a newer one has taken over.
    package var signalOnHUP: Signal = .term
    /// What tells the generations to drain when everything is to stop.
    package var signalOnTERM: Signal = .term
    /// How long the old generation goes on serving beside the new one.
    package var killOldDelay = Duration.zero
    /// How long a generation may drain; then it is killed. Nil is for ever.
    package var killTimeout: Duration? = .seconds(90)
    /// How many generations may drain at once.
    package var maxOld = 3
    /// Whether each request for a restart gets a generation of its own; else those that come during a start share the next.
    package var queuesRestarts = false
    /// How many starts in a row may fail until a restart is given up.
    package var attempts = 3
    /// How often a generation is replaced without being asked; nil is never.
    package var autoRestartInterval: Duration?

    /// Server::Starter's defaults.
    package init() {}

    /// The longest pause between two attempts.
    static let longestPause = Duration.seconds(30)
    /// A generation that has served for that long was no failure.
    static let provenAfter = Duration.seconds(10)
    /// How long a generation has that was told that its deadline is now.
    static let lastGrace = Duration.seconds(5)

    /// The pause after so many failures in a row: none, the interval, twice the interval, …
    func pause(afterFailures failures: Int) -> Duration {
        guard failures > 0 else { return .zero }
        let base = interval > .zero ? interval : .milliseconds(100)
        return min(base * (1 << min(failures - 1, 10)), Self.longestPause)
    }
}
