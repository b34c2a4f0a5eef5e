public import SystemdTestKit

/// Requests to `/sleep/` that are under way.
extension Machine {
    /// Writes a configuration with which `app` logs when such a request begins and when it ends; returns its path.
    public func debugConfiguration() async throws -> String {
        let file = "/run/debug.json"
        try await check("sh", "-c", #"echo '{"logLevel": "debug"}' >\#(file)"#)
        return file
    }
}

extension Server {
    /// Waits until one has begun since then; the server has that configuration.
    public func waitForSleeper(since mark: JournalMark) async throws {
        try await machine.waitUntil { try await journal(since: mark).contains { $0.message == "going to sleep" } }
    }
}
