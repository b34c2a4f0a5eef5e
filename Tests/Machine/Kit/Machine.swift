import Foundation

/// A real systemd in namespaces of its own, booted once per test run and shared by all cases.
///
/// It ends with the test process, however that ends: the process that keeps it waits for the end of
/// a pipe of which only the test process has the other end.
public final class Machine: Sendable {
    /// The machine's PID 1, as seen from outside.
    public let leader: Int32

    private let keeper: Process
    private let lifeline: Pipe

    private static let booted = Task { try await boot() }

    /// The machine of this test run. The first call boots it; when that fails, every call throws the reason.
    public static var shared: Machine {
        get async throws { try await booted.value }
    }

    private init(leader: Int32, keeper: Process, lifeline: Pipe) {
        self.leader = leader
        self.keeper = keeper
        self.lifeline = lifeline
    }

    /// Boots a machine and copies the binaries under test into its `/usr/local/bin`.
    ///
    /// - Parameter root: A folder with a Debian system to boot; without it, this machine's own `/usr`.
    /// - Returns: The machine, with everything in it running.
    /// - Throws: ``MachineError``, if there is nothing to test or nothing to boot with.
    static func boot(root: String? = ProcessInfo.processInfo.environment["BATON_MACHINE_ROOT"]) async throws -> Machine
    {
        let binaries = try Binaries()
        let console = FileManager.default.temporaryDirectory.appendingPathComponent(
            "machine-\(ProcessInfo.processInfo.processIdentifier).log"
        )
        defer { try? FileManager.default.removeItem(at: console) }
        let keeper = Process()
        let lifeline = Pipe()
        let report = Pipe()
        keeper.executableURL = URL(fileURLWithPath: SourceTree.path("Tests/Machine/boot"))
        keeper.arguments = [console.path] + (root.map { [$0] } ?? [])
        keeper.standardInput = lifeline
        keeper.standardOutput = report
        try keeper.run()
        let line = try await blocking {
            String(decoding: report.fileHandleForReading.availableData, as: UTF8.self)
        }
        guard let leader = Int32(line.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw MachineError("no systemd to test with; Tests/Machine/boot wrote the reason to standard error above")
        }
        let machine = Machine(leader: leader, keeper: keeper, lifeline: lifeline)
        for name in Binaries.names {
            try FileManager.default.copyItem(
                atPath: "\(binaries.folder)/\(name)",
                toPath: machine.path("/usr/local/bin/\(name)")
            )
        }
        return machine
    }

    /// The path by which this process reaches a file of the machine.
    public func path(_ inside: String) -> String {
        "/proc/\(leader)/root\(inside)"
    }
}
