import SystemdTestKit

/// What the page of SystemdTestKit shows of a real systemd, which not every machine can boot.
enum MachineSnippets {
    static func restart() async throws -> [JournalEntry] {
        let machine = try await Machine.boot(binaries: [".build/release/app"])
        let app = try await Server.install(UnitPair(named: "app", in: "units"), in: machine)
        let mark = try await machine.markJournal()
        try await app.systemctl("restart")
        let entries = try await app.journal(since: mark)
        return entries
    }
}
