internal import ServiceLifecycle
internal import UnixSignals

/// Hears the signal by which the service manager says that another process follows, from the start on.
struct HandOverSignal: Service, CustomStringConvertible {
    private let signals: UnixSignalsSequence
    private let heard: @Sendable () -> Void

    /// Catches the signal from now on.
    ///
    /// - Parameter heard: Called each time it has come.
    init(_ signal: UnixSignal, heard: @escaping @Sendable () -> Void) async {
        signals = await UnixSignalsSequence(trapping: signal)
        self.heard = heard
    }

    var description: String { "hand-over signal" }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in signals { heard() }
        }
    }
}
