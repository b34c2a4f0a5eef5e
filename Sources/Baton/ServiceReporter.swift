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
        case handedOver
    }

    /// What became of telling the manager that another process is the main one.
    package enum HandOver: Sendable, Hashable {
        /// It has been told, or there is nobody to tell; nothing is told any more.
        case done
        /// The service stops, so it was not told.
        case stopping
        /// It could not be told, so nothing has changed.
        case failed(String)
    }

    private struct State {
        var phase = Phase.starting
        /// Whether this is the process that the manager listens to.
        var isMain: Bool
        /// A failure is reported once, not once for each message.
        var isFailing = false
    }

    private let notifier: ServiceNotifier
    private let warn: @Sendable (String) -> Void
    private let state: Locked<State>

    /// - Parameters:
    ///   - notifier: The service manager.
    ///   - isMain: Whether this is the process that the manager listens to; else nothing is told before ``becomeMain()``.
    ///   - warn: Takes a line for the log when the manager cannot be told.
    package init(notifier: ServiceNotifier, isMain: Bool = true, warn: @escaping @Sendable (String) -> Void) {
        self.notifier = notifier
        self.warn = warn
        self.state = Locked(State(isMain: isMain))
    }

    /// Whether this is the process that the manager listens to.
    package var isMain: Bool { state.withLock { $0.isMain } }

    /// The predecessor has told the manager that this is the main process now.
    package func becomeMain() {
        state.withLock { $0.isMain = true }
    }

    /// Tells the manager, in the body of a ``reload(_:done:failed:_:)``, that another process is the main one and ready. From
    /// then on nothing is told by this one.
    package func handOver(to pid: CInt) -> HandOver {
        state.withLock { state in
            guard state.phase == .reloading else { return .stopping }
            let notification: ServiceNotification
            do { notification = try .ready.mainPID(pid) } catch { return .failed("\(error)") }
            if case .failed(let errno) = notifier.send(notification) {
                return .failed("the service manager cannot be told MAINPID=\(pid): \(errno) (see NOTIFY_SOCKET)")
            }
            state.phase = .handedOver
            state.isMain = false
            return .done
        }
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
    ///   - status: The status while it runs.
    ///   - done: The status when it has succeeded.
    ///   - failed: The status when it has failed.
    ///   - body: What is to be reloaded.
    /// - Returns: Whether it ran: not before the start is done, nor when the service stops.
    /// - Throws: What `body` throws.
    package func reload(
        _ status: String = "reloading",
        done: String,
        failed: (any Error) -> String,
        _ body: () async throws -> Void
    ) async throws -> Bool {
        let begins = state.withLock { state in
            guard state.phase == .ready else { return false }
            state.phase = .reloading
            tell(.reloading.status(flattening: status), "RELOADING=1", &state)
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
            guard state.phase != .stopping, state.phase != .handedOver else { return }
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
        guard state.isMain else { return }
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
