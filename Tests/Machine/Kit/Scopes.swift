import Foundation
public import SystemdTestKit

extension Machine {
    /// The scopes of which the name matches a pattern as of glob(7).
    public func scopes(_ pattern: String) async throws -> [String] {
        try await check("systemctl", "list-units", "--all", "--plain", "--no-legend", pattern)
            .split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) }
    }

    /// The processes in the cgroup of a unit, without those below it.
    public func processes(of unit: String) async throws -> Set<Int32> {
        let group = try await check("systemctl", "show", "-P", "ControlGroup", unit)
        guard !group.isEmpty else { return [] }
        let list = try await run("cat", "/sys/fs/cgroup\(group)/cgroup.procs")
        return Set(list.output.split(separator: "\n").compactMap { Int32($0) })
    }
}
