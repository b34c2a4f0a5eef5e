import Foundation
import Subprocess
import SystemPackage
import Testing

/// A shell script that ran to its end, with the programs `baton` and `worker` as they were built beside the tests.
///
/// It runs in a folder of its own. `begin OPTION… -- PROGRAM…` starts `$BATON run` in the background, as `$PID`, with the files `pid`,
/// `status` and `log`; `said PATTERN [COUNT]` waits until the log has so many lines that grep(1) finds; `serving N…` until these
/// generations are in the status file, `worker_of N` is the process of one; `warden` is the one
/// that ends them if it is killed; `ask [ADDRESS]` prints what is answered there; `gone PID` waits
/// for a process's end; `expect WANTED GOT` ends the script if they differ; `end [STATUS]` stops it with TERM and waits.
struct RunShell: Sendable, CustomStringConvertible {
    /// The exit status; 128 and the signal's number if a signal ended the script.
    let status: Int
    let output: String
    /// What the script wrote to standard error, and then the log.
    let errors: String

    var description: String { "status \(status)\n\(output)\(errors)" }

    private static let functions = """
        DIR=$(mktemp -d) && cd "$DIR" || exit 90
        PID=
        finish() { cat log >&2; [ -z "$PID" ] || kill -KILL "$PID" 2>/dev/null; cd /; rm -rf "$DIR"; }
        trap finish EXIT
        # Its time is over: the log shows why.
        trap 'exit 124' TERM
        : >log
        die() { echo "line of the test: $*" >&2; exit 91; }
        begin() { "$BATON" run --pid-file pid --status-file status "$@" 2>>log & PID=$!; }
        lives() { kill -0 "$1" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }
        said() {
            until [ "$(grep -Ec -- "$1" log)" -ge "${2:-1}" ]; do
                lives $PID || [ "$(grep -Ec -- "$1" log)" -ge "${2:-1}" ] || die "ended without saying: $1"
                sleep 0.03
            done
        }
        serving() { until [ "$(cut -d: -f1 status 2>/dev/null | xargs)" = "$*" ]; do lives $PID || die "ended"; sleep 0.03; done; }
        warden() { for CHILD in $(cat /proc/$PID/task/$PID/children); do
            ! grep -qx baton-warden /proc/$CHILD/comm || echo $CHILD; done; }
        worker_of() { sed -n "s/^$1://p" status; }
        port() { sed -n 's/^holding .*:\\([0-9]*\\)$/\\1/p' log | head -n 1; }
        ask() { "$WORKER" ask "${1:-$(port)}"; }
        control() { "$WORKER" control "$DIR/pid.control" "$1"; }
        gone() { while lives "$1"; do sleep 0.03; done; }
        expect() { [ "$1" = "$2" ] || die "expected '$1', got '$2'"; }
        end() { kill -TERM $PID; ended "${1:-0}"; }
        ended() { wait $PID; END=$?; PID=; expect "${1:-0}" $END; }

        """

    private final class Marker {}

    private static let folder = Bundle(for: Marker.self).bundleURL

    /// Runs it, and expects the status 0.
    @discardableResult
    static func run(
        _ script: String,
        seconds: Int = 60,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> RunShell {
        let result = try await Subprocess.run(
            .path("/usr/bin/timeout"),
            arguments: ["--kill-after=10", "\(seconds)", "/bin/sh", "-c", functions + script],
            environment: .custom([
                "BATON": folder.appending(path: "baton").path,
                "WORKER": folder.appending(path: "worker").path,
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            ]),
            output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20)
        )
        let status =
            switch result.terminationStatus {
            case .exited(let code): Int(code)
            case .signaled(let signal): 128 + Int(signal)
            }
        let shell = RunShell(status: status, output: result.standardOutput, errors: result.standardError)
        #expect(status == 0, "\(shell)", sourceLocation: sourceLocation)
        return shell
    }

    /// How many lines of the log are matched.
    func count(_ pattern: Regex<some Any>) -> Int { errors.matches(of: pattern).count }
}
