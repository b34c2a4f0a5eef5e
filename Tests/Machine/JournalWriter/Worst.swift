import Synchronization

/// The longest of the times that several threads have taken.
final class Worst: Sendable {
    private let longest = Mutex(Duration.zero)

    func take(_ time: Duration) {
        longest.withLock { $0 = max($0, time) }
    }

    var time: Duration { longest.withLock { $0 } }
}
