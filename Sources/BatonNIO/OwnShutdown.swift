internal import ServiceLifecycle
internal import Systemd

/// Begins the graceful shutdown of a service group from inside, when a drain has another reason than a shutdown: handlers that wait
/// for one (`gracefulShutdown()`) are to learn of each drain.
///
/// Thread-safe.
final class OwnShutdown: Sendable {
    private let group = Locked<ServiceGroup?>(nil)

    /// The group, to be said before it runs.
    func belongs(to group: ServiceGroup) {
        self.group.withLock { $0 = group }
    }

    /// Begins it; nothing happens if it has begun.
    func begin() {
        guard let group = group.withLock({ $0 }) else { return }
        Task { await group.triggerGracefulShutdown() }
    }
}
