public import SystemdTestKit

extension Machine {
    /// The processes that have said since then that every request was answered. They are found by the number of that event, as it is
    /// the last thing that they say: journald may not know the unit of a process that has gone.
    public func drained(since mark: JournalMark) async throws -> [Int32] {
        try await journal(matching: "MESSAGE_ID=b2609a0bdd2b4550ac656018eee38dc1", since: mark).compactMap(\.pid)
    }
}
