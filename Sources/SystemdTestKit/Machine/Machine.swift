internal import Foundation

/// A real systemd to test with: PID 1, journald and D-Bus in namespaces of their own, with a network of which nothing but
/// loopback is there. Nothing outside is touched. On Linux, as root, with Debian's `systemd-container`, `dbus`, `iproute2`
/// and `procps`; it boots in one to four seconds.
///
///     import SystemdTestKit
///     import Testing
///
///     @Suite(.serialized) struct AppTests {
///         // Booted once, for all tests. It ends with the test process.
///         static let machine = Task { try await Machine.boot(binaries: [".build/release/app"]) }
///
///         @Test func whatWaitsDuringARestartIsAnswered() async throws {
///             let machine = try await Self.machine.value
///             // app.socket and app.service of the folder units; ExecStart=/usr/local/bin/app.
///             let app = try await Server.install(UnitPair(named: "app", in: "units"), in: machine)
///             let mark = try await machine.markJournal()
///             try await app.kill("KILL")
///             #expect(try await machine.check("curl", "-sS", "http://127.0.0.1:8080/") == "hello")
///             #expect(try await app.property("NRestarts") == "1")
///             #expect(try await app.journal(since: mark).contains { $0.message == "ready" })
///         }
///     }
///
/// What a program needs besides libc and libsystemd has to be in the machine: build it with `--static-swift-stdlib`. Nothing
/// of a machine outlives it: units go to `/run/systemd/system`, and whatever is written there is in memory.
///
/// It ends with the last reference to it, and with the test process, however that ends: the process that keeps it waits for
/// the end of a pipe of which only the test process has the other end. Thread-safe.
public final class Machine: Sendable {
    /// The machine's PID 1, as seen from outside.
    public let leader: Int32
    /// The version of its systemd, as in 252; also for conditions: `.enabled { try await machine.value.systemdVersion >= 254 }`.
    public let systemdVersion: Int

    private let keeper: Process
    private let lifeline: Pipe

    private init(leader: Int32, systemdVersion: Int, keeper: Process, lifeline: Pipe) {
        self.leader = leader
        self.systemdVersion = systemdVersion
        self.keeper = keeper
        self.lifeline = lifeline
    }

    deinit {
        // A running Process keeps itself alive, and the pipe with it.
        try? lifeline.fileHandleForWriting.close()
    }

    /// Boots a machine and copies programs into its `/usr/local/bin`.
    ///
    /// - Parameters:
    ///   - root: A folder with a Debian system to boot, as mmdebstrap(1) makes it:
    ///     `mmdebstrap --variant=minbase --include=systemd,systemd-sysv,dbus,iproute2,procps trixie ROOT`. It is not written to.
    ///     Without it, this machine's own `/usr`, read-only.
    ///   - binaries: Paths of the programs, which keep their names.
    /// - Returns: The machine, with everything in it running.
    /// - Throws: ``MachineError`` if a program is not there, or nothing boots; what the boot wrote is on standard error.
    public static func boot(root: String? = nil, binaries: [String] = []) async throws -> Machine {
        for path in binaries where !FileManager.default.isExecutableFile(atPath: path) {
            throw MachineError("\(path) is no program to copy into a machine: build it, or correct the path")
        }
        let console = FileManager.default.temporaryDirectory.appendingPathComponent("machine-\(UUID().uuidString).log")
        defer { try? FileManager.default.removeItem(at: console) }
        let keeper = Process()
        let lifeline = Pipe()
        let report = Pipe()
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("boot")
        keeper.executableURL = script
        keeper.arguments = [console.path] + (root.map { [$0] } ?? [])
        keeper.standardInput = lifeline
        keeper.standardOutput = report
        try keeper.run()
        let line = try await blocking {
            String(decoding: report.fileHandleForReading.availableData, as: UTF8.self)
        }
        // PID 1 and its version: "1234 252.39-1~deb12u2".
        let words = line.split { $0.isWhitespace }
        guard words.count == 2, let leader = Int32(words[0]), let version = Int(words[1].prefix { $0.isNumber }) else {
            throw MachineError("no systemd to test with; \(script.path) wrote the reason to standard error above")
        }
        let machine = Machine(leader: leader, systemdVersion: version, keeper: keeper, lifeline: lifeline)
        for path in binaries {
            let name = URL(fileURLWithPath: path).lastPathComponent
            try FileManager.default.copyItem(atPath: path, toPath: machine.path("/usr/local/bin/\(name)"))
        }
        return machine
    }

    /// The path by which this process reaches a file of the machine, for reading and writing.
    public func path(_ inside: String) -> String {
        "/proc/\(leader)/root\(inside)"
    }
}
