internal import Systemd

/// What the service has told, and who waits for more of it. Thread-safe.
final class Inbox: Sendable {
    private struct State {
        var notifications: [ReceivedNotification] = []
        /// The first one that no ``Inbox/next(within:where:)`` has taken or skipped.
        var unread = 0
        var pings: [ContinuousClock.Instant] = []
        var warnings: [String] = []
        /// Counts everything that comes, for those who wait.
        var arrivals = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var waiterCount = 0
    }

    private let state = Locked(State())

    var notifications: [ReceivedNotification] { state.withLock { $0.notifications } }
    var pings: [ContinuousClock.Instant] { state.withLock { $0.pings } }
    var warnings: [String] { state.withLock { $0.warnings } }

    func append(_ notification: ReceivedNotification) {
        arrive { state in
            if notification["WATCHDOG"] == "1" { state.pings.append(notification.time) }
            if !notification.isPing { state.notifications.append(notification) }
        }
    }

    func warn(_ text: String) {
        arrive { $0.warnings.append(text) }
    }

    private func arrive(_ change: (inout State) -> Void) {
        let waiters = state.withLock { state in
            change(&state)
            state.arrivals += 1
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }

    /// The first unread notification that is wanted; it and those before it are read then.
    func next(
        within limit: Duration,
        where isWanted: (ReceivedNotification) throws -> Bool
    ) async throws -> ReceivedNotification {
        let start = ContinuousClock.now
        return try await wait(until: start + limit) {
            try state.withLock { state in
                guard let position = try state.notifications[state.unread...].firstIndex(where: isWanted) else {
                    return nil
                }
                state.unread = position + 1
                return state.notifications[position]
            }
        } orThrow: {
            let (unread, warnings) = state.withLock { ($0.notifications[$0.unread...], $0.warnings) }
            let came = unread.isEmpty ? "none came" : "these came: \(unread.map { "'\($0)'" }.joined(separator: ", "))"
            let ignored = warnings.isEmpty ? "" : "; warnings: \(warnings.joined(separator: "; "))"
            return FakeServiceManagerError("no such notification within \(limit): \(came)\(ignored)")
        }
    }

    /// The next ping after this call.
    func nextPing(within limit: Duration) async throws {
        let seen = pings.count
        try await wait(until: .now + limit) {
            pings.count > seen ? () : nil
        } orThrow: {
            FakeServiceManagerError("no WATCHDOG=1 within \(limit); before, there were \(seen)")
        }
    }

    /// Looks for something now and whenever something has come.
    private func wait<Value>(
        until deadline: ContinuousClock.Instant,
        for find: () throws -> Value?,
        orThrow error: () -> FakeServiceManagerError
    ) async throws -> Value {
        while true {
            let seen = state.withLock { $0.arrivals }
            if let value = try find() { return value }
            guard deadline > .now, try await hasArrived(after: seen, until: deadline) else { throw error() }
        }
    }

    private func hasArrived(after seen: Int, until deadline: ContinuousClock.Instant) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.arrival(after: seen)
                return true
            }
            group.addTask {
                try await Task.sleep(until: deadline, clock: .continuous)
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }

    /// Returns when more than `seen` have come, or the task is cancelled.
    private func arrival(after seen: Int) async {
        let id = state.withLock { state in
            state.waiterCount += 1
            return state.waiterCount
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    // The handler below runs after the task has been marked: one of the two sees the other.
                    if state.arrivals > seen || Task.isCancelled { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }
}
