import Foundation
import Subprocess
import SystemPackage
import Testing

/// What a process that is passed descriptors from 3 on makes of them.
@Suite(.needsLibsystemd) struct InheritedSocketsTests {
    private final class Marker {}

    /// What the program prints, started by a shell script as `$PROGRAM`.
    private func output(_ script: String) async throws -> [String] {
        let program = Bundle(for: Marker.self).bundleURL.appending(path: "inherited-sockets").path
        let result = try await Subprocess.run(
            .path("/bin/sh"),
            arguments: ["-c", script],
            environment: .custom(["PROGRAM": program, "PATH": "/usr/bin:/bin"]),
            output: .string(limit: 1 << 16),
            error: .discarded
        )
        return result.standardOutput.split(separator: "\n").map(String.init)
    }

    @Test func areTakenOnceWithTheirNames() async throws {
        let lines = try await output(
            "LISTEN_PID=$$ LISTEN_FDS=3 LISTEN_FDNAMES=http:admin:http exec $PROGRAM 3</dev/null 4</dev/null 5</dev/null"
        )
        #expect(
            lines == [
                "http[0] special file", "admin[0] special file", "http[1] special file", "a second time: nothing",
            ]
        )
    }

    @Test func withoutNamesTheyAreUnknown() async throws {
        let lines = try await output("LISTEN_PID=$$ LISTEN_FDS=2 exec $PROGRAM 3</dev/null 4</dev/null")
        #expect(lines == ["unknown[0] special file", "unknown[1] special file", "a second time: nothing"])
    }

    @Test(arguments: ["LISTEN_PID=1 LISTEN_FDS=1", "LISTEN_FDS=1", "LISTEN_PID=$$"])
    func thoseOfAnotherProcessAreLeftAlone(environment: String) async throws {
        let lines = try await output("\(environment) exec $PROGRAM 3</dev/null")
        #expect(lines == ["a second time: nothing"])
    }

    @Test(arguments: ["abc", "-1", "1x", "99999", "2147483648"])
    func whatIsMalformedIsNamedAndCleared(value: String) async throws {
        let lines = try await output("LISTEN_PID=$$ LISTEN_FDS=\(value) exec $PROGRAM 3</dev/null")
        #expect(lines.first?.hasPrefix("badEnvironment: ") == true, "\(lines)")
        #expect(lines.first?.contains("LISTEN_FDS=\(value): ") == true, "\(lines)")
        #expect(lines.last == "cleared")
    }
}
