import Foundation
public import SystemdTestKit

extension Machine {
    private static let booted = Task {
        let binaries = try Binaries()
        return try await boot(
            root: ProcessInfo.processInfo.environment["BATON_MACHINE_ROOT"],
            binaries: Binaries.names.map { "\(binaries.folder)/\($0)" }
        )
    }

    /// The machine of this test run, with the binaries under test in `/usr/local/bin`. `BATON_MACHINE_ROOT` names a folder
    /// with another systemd than this machine's own. The first call boots it; when that fails, every call throws the reason.
    public static var shared: Machine {
        get async throws { try await booted.value }
    }
}
