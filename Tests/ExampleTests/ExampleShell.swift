import Foundation
import Subprocess
import SystemPackage
import Testing

/// A shell script that ran to its end, with the programs of Tests/Examples as they were built beside the tests.
///
/// In it, `said PATTERN COUNT` waits until the file `log` has so many lines that grep(1) finds; `load KIND PORT` starts eight clients in the
/// background, as `$LOAD`; `loaded` ends them and expects every message to have had exactly one answer, and as many to have been answered by
/// the servers; `gone PID` waits for a process's end.
struct ExampleShell: Sendable, CustomStringConvertible {
    let status: Int
    let output: String
    let errors: String

    var description: String { "status \(status)\n\(output)\(errors)" }

    private static let functions = """
        DIR=$(mktemp -d) && cd "$DIR" || exit 90
        PID=; LOAD=
        finish() {
            touch stop; cat log >&2; [ -z "$PID" ] || kill -TERM "$PID" 2>/dev/null; [ -z "$LOAD" ] || wait $LOAD
            [ -z "$PID" ] || wait "$PID"; cd /; rm -rf "$DIR"
        }
        trap finish EXIT
        : >log
        die() { echo "line of the test: $*" >&2; exit 91; }
        said() { until [ "$(grep -Ec -- "$1" log)" -ge "${2:-1}" ]; do kill -0 $PID || die "ended"; sleep 0.02; done; }
        port() { sed -n 's/^holding .*:\\([0-9]*\\)$/\\1/p' log | head -n 1; }
        load() { /usr/bin/python3 -c "$CLIENT" "$1" "$2" >answers & LOAD=$!; until [ -s answers ]; do kill -0 $LOAD || die "no load"; sleep 0.02; done; }
        answers() { wc -l <answers; }
        more() { WAS=$(answers); until [ "$(answers)" -ge $((WAS + $1)) ]; do kill -0 $LOAD || die "the load has ended"; sleep 0.02; done; }
        loaded() { touch stop; wait $LOAD || die "the load has failed"; LOAD=; }
        settled() {
            [ "$(sort -u answers | wc -l)" = "$(answers)" ] || die "answered twice"
            HANDLED=$(sed -n 's/.* answered \\([0-9]*\\) .*/\\1/p' log | awk '{ sum += $1 } END { print sum }')
            [ "$HANDLED" = "$(answers)" ] || die "$HANDLED were handled, $(answers) answers have come"
            echo "$(answers) answers of $(cut -d' ' -f1 answers | sort -u | wc -l) processes, sent again: $(cat again)"
        }

        """

    /// Eight connections, or sockets, of one message at a time. A line that is followed by the end of its connection is sent again on a
    /// new one, as `IdleDrainHandler` promises that it has not been handled; a datagram never is.
    private static let client = """
        import os, socket, sys, threading, time
        kind, port = sys.argv[1], int(sys.argv[2])
        failures, again, lock, end = [], [0], threading.Lock(), time.monotonic() + 50
        def connect():
            if kind == "datagram":
                one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); one.connect(("127.0.0.1", port))
            else:
                one = socket.create_connection(("127.0.0.1", port))
            one.settimeout(20); return one
        def ask(one, text):
            one.sendall(text if kind == "datagram" else text + b"\\n")
            got = b""
            while True:
                part = one.recv(4096)
                got += part
                if kind == "datagram" or got.endswith(b"\\n"): return got.strip()
                if not part:
                    if got: raise RuntimeError("half an answer: %r" % got)
                    return None
        def client(name):
            try:
                one = connect()
                for number in range(20000):
                    if os.path.exists("stop") or time.monotonic() > end: break
                    text = b"%d-%d" % (name, number)
                    got = ask(one, text)
                    while got is None:
                        with lock: again[0] += 1
                        one.close(); one = connect(); got = ask(one, text)
                    if got.split(b" ")[2] != text: raise RuntimeError("%r for %r" % (got, text))
                    os.write(1, got + b"\\n")
                    time.sleep(0.001)
                one.close()
            except Exception as error:
                failures.append("%d: %r" % (name, error))
        clients = [threading.Thread(target=client, args=(name,)) for name in range(8)]
        for one in clients: one.start()
        for one in clients: one.join()
        open("again", "w").write(str(again[0]))
        for failure in failures: print(failure, file=sys.stderr)
        sys.exit(1 if failures else 0)
        """

    private final class Marker {}

    /// Runs it, and expects the status 0.
    @discardableResult
    static func run(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> ExampleShell {
        let folder = Bundle(for: Marker.self).bundleURL
        let result = try await Subprocess.run(
            .path("/usr/bin/timeout"),
            arguments: ["--signal=KILL", "100", "/bin/sh", "-c", functions + script],
            environment: .custom([
                "BATON": folder.appending(path: "baton").path,
                "LINE": folder.appending(path: "line-echo").path,
                "DATAGRAM": folder.appending(path: "datagram-echo").path,
                "HELLO": folder.appending(path: "hello").path,
                "GRPC": folder.appending(path: "grpc-echo").path,
                "GRPC_CLIENT": folder.appending(path: "grpc-client").path,
                "CLIENT": client,
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
        let shell = ExampleShell(status: status, output: result.standardOutput, errors: result.standardError)
        #expect(status == 0, "\(shell)", sourceLocation: sourceLocation)
        return shell
    }
}
