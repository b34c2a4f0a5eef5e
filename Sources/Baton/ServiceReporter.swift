package import Systemd

/// Keeps what the service manager is told true, whatever happens at the same time: `READY` when connections are accepted,
/// each `RELOADING` followed by a `READY`, `STOPPING` once, and nothing that contradicts it afterwards.
///
/// Thread-safe.
package final class ServiceReporter: Sendable {
    private enum Phase {
        case starting
        case ready
        case reloading
        case stopping
    }

    private struct State {
        var phase = Phase.starting
        /// A failure is reported once, not once for each message.
        var isFailing = false
    }

    private let notifier: ServiceNotifier
    private let warn: @Sendable (String) -> Void
    private let state = Locked(State())

    /// - Parameters:
    ///   - notifier: The service manager.
    ///   - warn: Takes a line for the log when the manager cannot be told.
    package init(notifier: ServiceNotifier, warn: @escaping @Sendable (String) -> Void) {
        self.notifier = notifier
        self.warn = warn
    }

    /// The start goes on: what it does now, and how much longer it may take.
    package func starting(_ status: String, extension: Duration) {
        state.withLock { state in
            guard state.phase == .starting else { return }
            let notification = ServiceNotification().status(flattening: status)
            tell((try? notification.extendTimeout(by: `extension`)) ?? notification, "STATUS", &state)
        }
    }

    /// Connections are accepted.
    ///
    /// - Returns: Whether that was told: not once the service stops.
    @discardableResult
    package func ready(_ status: String) -> Bool {
        state.withLock { state in
            guard state.phase == .starting else { return false }
            state.phase = .ready
            tell(.ready.status(flattening: status), "READY=1", &state)
            return true
        }
    }

    /// Runs a reload between `RELOADING=1` and the `READY=1` that belongs to it, also when it fails.
    ///
    /// - Parameters:
    ///   - done: The status when it has succeeded.
    ///   - failed: The status when it has failed.
    ///   - body: What is to be reloaded.
    /// - Returns: Whether it ran: not before the start is done, nor when the service stops.
    /// - Throws: What `body` throws.
    package func reload(
        done: String,
        failed: (any Error) -> String,
        _ body: () async throws -> Void
    ) async throws -> Bool {
        let begins = state.withLock { state in
            guard state.phase == .ready else { return false }
            state.phase = .reloading
            tell(.reloading.status(flattening: "reloading"), "RELOADING=1", &state)
            return true
        }
        guard begins else { return false }
        do {
            try await body()
        } catch {
            endReload(failed(error))
            throw error
        }
        endReload(done)
        return true
    }

    /// The service stops.
    package func stopping(_ status: String) {
        state.withLock { state in
            guard state.phase != .stopping else { return }
            state.phase = .stopping
            tell(.stopping.status(flattening: status), "STOPPING=1", &state)
        }
    }

    /// The stop goes on: what is left, and how much longer it may take, or nil to let the manager's own limit apply.
    package func draining(_ status: String, extension: Duration?) {
        state.withLock { state in
            guard state.phase == .stopping else { return }
            let notification = ServiceNotification().status(flattening: status)
            let extended = `extension`.flatMap { try? notification.extendTimeout(by: $0) }
            tell(extended ?? notification, "STATUS", &state)
        }
    }

    private func endReload(_ status: String) {
        state.withLock { state in
            // Once it stops, READY would be a lie, and to the manager the last word counts.
            guard state.phase == .reloading else { return }
            state.phase = .ready
            tell(.ready.status(flattening: status), "READY=1", &state)
        }
    }

    private func tell(_ notification: ServiceNotification, _ what: String, _ state: inout State) {
        switch notifier.send(notification) {
        case .sent: state.isFailing = false
        case .nobodyToTell: break
        case .failed(let errno):
            guard !state.isFailing else { return }
            state.isFailing = true
            warn("the service manager cannot be told \(what): \(errno); serving goes on (see NOTIFY_SOCKET)")
        }
    }
}
