import Systemd

/// Whether a signal has asked for the end. Thread-safe.
final class Interruption: Sendable {
    private let state = Locked(false)

    var isSet: Bool { state.withLock { $0 } }

    func set() { state.withLock { $0 = true } }
}
