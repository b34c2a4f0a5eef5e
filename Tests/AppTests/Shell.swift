import Foundation
import Subprocess
import SystemPackage

/// A shell script that ran to its end, with the program `app` as it was built beside the tests.
///
/// In the script `$APP` is the program, and there are three functions: `start OPTION…` starts it in the background, as
/// `$PID`; `said PATTERN` waits until its standard error, the file `$LOG`, has a line that grep(1) finds; `port` prints the port it
/// listens on.
struct Shell: Sendable {
    /// The exit status; 128 and the signal's number if a signal ended the script.
    let status: Int
    let output: String
    let errors: String

    private static let functions = """
        LOG=$(mktemp) && trap 'rm -f "$LOG"' EXIT
        # Its time is over: what the script does at its end shows why.
        trap 'exit 124' TERM
        start() { "$APP" "$@" 2>"$LOG" & PID=$!; }
        port() { sed -n 's/.*socket 127.0.0.1:\\([0-9]*\\):.*/\\1/p' "$LOG"; }
        said() { until grep -Eq "$1" "$LOG"; do kill -0 $PID || { cat "$LOG" >&2; exit 99; }; sleep 0.01; done; }

        """

    private final class Marker {}

    static func run(_ script: String, seconds: Int = 60) async throws -> Shell {
        let app = Bundle(for: Marker.self).bundleURL.appending(path: "app").path
        let result = try await Subprocess.run(
            .path("/usr/bin/timeout"),
            arguments: ["--kill-after=10", "\(seconds)", "/bin/sh", "-c", functions + script],
            environment: .custom(["APP": app, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]),
            output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20)
        )
        let status =
            switch result.terminationStatus {
            case .exited(let code): Int(code)
            case .signaled(let signal): 128 + Int(signal)
            }
        return Shell(status: status, output: result.standardOutput, errors: result.standardError)
    }
}
