internal import Systemd

extension FakeServiceManager {
    /// Everything the service has told, in its order, without mere pings and barriers.
    public var notifications: [ReceivedNotification] { core.inbox.notifications }

    /// What systemd would have ignored or refused, and why.
    public var warnings: [String] { core.inbox.warnings }

    /// The names of what is in the store, the last one that was stored first.
    public var storedNames: [String] { core.store.withLock { $0.entries.map(\.name) } }

    /// Empties the store, as a stop does, unless the unit has `FileDescriptorStorePreserve=yes` (254).
    public func clearStore() {
        core.store.withLock { $0.remove { _ in true } }
    }

    /// Waits for a notification; those before it are skipped, and no later call returns them.
    ///
    /// One at a time: of two calls that wait, either may get it.
    ///
    /// - Parameters:
    ///   - limit: How long to wait at most.
    ///   - isWanted: Which one it is to be; by default whichever comes next.
    /// - Returns: The first one that came after the last one that was returned, and is wanted.
    /// - Throws: ``FakeServiceManagerError`` with what has come instead, if it did not come in time.
    @discardableResult
    public func next(
        within limit: Duration = .seconds(10),
        where isWanted: (ReceivedNotification) throws -> Bool = { _ in true }
    ) async throws -> ReceivedNotification {
        try await core.inbox.next(within: limit, where: isWanted)
    }

    /// Waits for the next `WATCHDOG=1` after this call.
    ///
    /// - Throws: ``FakeServiceManagerError`` if none came in time.
    public func nextPing(within limit: Duration = .seconds(10)) async throws {
        try await core.inbox.nextPing(within: limit)
    }

    /// Watches the pings as long as `body` runs.
    ///
    /// - Parameters:
    ///   - isolation: Where `body` runs: where the caller does.
    ///   - body: What the service is put through meanwhile.
    /// - Returns: When they came; look at ``WatchdogPings/longestGap``.
    public func pings(
        isolation: isolated (any Actor)? = #isolation,
        during body: () async throws -> Void
    ) async rethrows -> WatchdogPings {
        let start = ContinuousClock.now
        try await body()
        let end = ContinuousClock.now
        let times = core.inbox.pings.filter { $0 >= start && $0 <= end }
        return WatchdogPings(duration: end - start, times: times.map { $0 - start })
    }
}
