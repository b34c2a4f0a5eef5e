internal import UnixSignals

/// Hears the signal by which the service manager says that another process follows.
struct HandOverSignal: Sendable {
    private let signals: UnixSignalsSequence

    /// Catches the signal from now on.
    init(_ signal: UnixSignal) async {
        signals = await UnixSignalsSequence(trapping: signal)
    }

    /// Calls `heard` each time it comes, until the task is cancelled.
    func run(_ heard: () -> Void) async {
        for await _ in signals { heard() }
    }
}
