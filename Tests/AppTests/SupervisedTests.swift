import Foundation
import Testing

/// `baton run` replaces the program: its connections go over to the next generation.
@Suite(.serialized, .timeLimit(.minutes(3))) struct SupervisedTests {
    /// `supervise OPTION…` starts `app` under `baton run`; `probe OPTION…` puts a load on it, and writes its report to standard output.
    private static let start = """
        DIR=$(mktemp -d); cd $DIR; BIN=$(dirname "$APP")
        end() { cat "$LOG" >&2; [ -z "$PID" ] || kill -KILL $PID; cd /; rm -rf $DIR "$LOG"; }
        trap end EXIT
        supervise() {
            "$BIN/baton" run --port 127.0.0.1:0 --pid-file pid --notify -- "$APP" "$@" 2>>"$LOG" & PID=$!
            said 'ready:'; PORT=$(sed -n 's/^holding .* 127.0.0.1:\\([0-9]*\\)$/\\1/p' "$LOG")
        }
        probe() { "$BIN/baton" probe http://127.0.0.1:$PORT --no-close --json report --settle 0.5 "$@" >&2; STATUS=$?; cat report; }
        stop() { kill -TERM $PID; wait $PID; END=$?; PID=; [ $END = 0 ] && exit $STATUS; exit 90; }

        """

    private struct Report: Decodable {
        struct Total: Decodable {
            var failed: Int
            var recorded: Int
            var closedConnections: Int
        }
        struct Idle: Decodable {
            struct Round: Decodable, Equatable {
                var connections: Int
                var survived: Int
                var answeredByNewProcess: Int
            }
            var restarts: [Round]
        }
        struct Answerer: Decodable {
            var pid: Int
        }
        var total: Total
        var idle: Idle
        var pids: [Answerer]
        var restartsFailed: Int
    }

    private func run(_ script: String) async throws -> (Shell, Report) {
        let shell = try await Shell.run(Self.start + script, seconds: 150)
        #expect(shell.status == 0, "\(shell.errors)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return (shell, try decoder.decode(Report.self, from: Data(shell.output.utf8)))
    }

    @Test(.needsLibsystemd) func idleAndSlowConnectionsSurviveFiveRestarts() async throws {
        let (shell, report) = try await run(
            """
            supervise
            probe --connections 0 --idle 1000 --drip 8 --restarts 5 --interval 1 \\
                --restart "$BIN/baton restart --pid-file pid --until-drained"
            stop
            """
        )
        #expect(report.total.failed == 0 && report.total.closedConnections == 0, "\(report.total)")
        let whole = Report.Idle.Round(connections: 1000, survived: 1000, answeredByNewProcess: 1000)
        #expect(report.idle.restarts == Array(repeating: whole, count: 5), "\(shell.errors)")
        #expect(report.restartsFailed == 0)
    }

    /// Connections that are on their way when the generation that they go to is told to drain, too.
    @Test(.needsLibsystemd) func threeRestartsInARowCloseNone() async throws {
        let (shell, report) = try await run(
            """
            supervise
            RESTART="$BIN/baton restart --pid-file pid"
            probe --connections 8 --mode keep-alive --idle 500 --restarts 3 --interval 1 \\
                --restart "$RESTART && $RESTART && $RESTART --until-drained"
            stop
            """
        )
        #expect(report.total.failed == 0 && report.total.closedConnections == 0, "\(report.total)")
        let whole = Report.Idle.Round(connections: 500, survived: 500, answeredByNewProcess: 500)
        #expect(report.idle.restarts == Array(repeating: whole, count: 3), "\(shell.errors)")
    }

    @Test(.needsLibsystemd) func ofBusyConnectionsNoneIsClosed() async throws {
        let (_, report) = try await run(
            """
            supervise
            probe --connections 16 --mode keep-alive --mode keep-alive-pause --mode slow-body --restarts 5 --interval 0.5 \\
                --settle 2 --restart "$BIN/baton restart --pid-file pid"
            stop
            """
        )
        #expect(report.total.failed == 0 && report.total.closedConnections == 0, "\(report.total)")
        #expect(report.pids.count == 6, "each was answered by a generation of its own")
    }

    /// Its generation is told to drain while it has a request, and the next one has been replaced when that is answered.
    @Test(.needsLibsystemd) func aConnectionGoesToWhoeverServesThen() async throws {
        let shell = try await Shell.run(
            Self.start + """
                supervise
                python3 - $PORT >answers <<'END' & CLIENT=$!
                import http.client, sys, time
                connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
                def ask(path):
                    connection.request("GET", path)
                    connection.auto_open = 0
                    if path != "/": open("asked", "w").close()
                    return connection.getresponse().read().decode().strip().split()[-1]
                first = last = ask("/")
                print(first, flush=True)
                ask("/sleep/?duration=6s")
                # A request that comes while the way is sought is answered by the first one still.
                while first == last:
                    time.sleep(0.01)
                    last = ask("/")
                print(last)
                END
                until [ -e asked ]; do sleep 0.01; done
                FIRST=$(cat answers)
                for N in 1 2; do "$BIN/baton" restart --pid-file pid || exit 91; done
                kill -0 $FIRST || exit 92
                wait $CLIENT || exit 93
                SERVES=$(curl -sS http://127.0.0.1:$PORT/ | sed 's/.*pid //')
                [ "$(tail -n 1 answers)" = "$SERVES" ] || exit 94
                [ "$SERVES" != $FIRST ] || exit 95
                kill -TERM $PID; wait $PID; END=$?; PID=; exit $END
                """
        )
        #expect(shell.status == 0, "\(shell.errors)")
        #expect(shell.errors.matches(of: /connections handed over: 1\n/).count == 1, "\(shell.errors)")
    }

    /// Both would accept for so long, and each look at the health find one or the other.
    @Test(.needsLibsystemd) func whereAnotherGenerationServesThereIsNoLameDuck() async throws {
        let shell = try await Shell.run(
            Self.start + """
                supervise --lame-duck 1s
                "$BIN/baton" restart --pid-file pid --until-drained || exit 91
                grep -q 'drained:' "$LOG" || exit 92
                ! grep -q 'still served' "$LOG" || exit 93
                kill -TERM $PID; wait $PID; END=$?; PID=; exit $END
                """
        )
        #expect(shell.status == 0, "\(shell.errors)")
        #expect(shell.errors.matches(of: /new connections are still served/).count == 1, "\(shell.errors)")
    }

    /// A generation that takes none over: its predecessor drains, and closes what idles.
    @Test(.needsLibsystemd) func toAProgramThatTakesNoneTheyAreNotGiven() async throws {
        let shell = try await Shell.run(
            Self.start + """
                printf '#!/bin/sh\\nexec "%s"\\n' "$APP" >server; chmod +x server; APP=./server
                supervise
                python3 - $PORT >closed <<'END' & CLIENT=$!
                import socket, sys
                connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
                connection.sendall(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
                while data := connection.recv(4096): print(data.decode(), flush=True)
                print("end of it")
                END
                until grep -q 'pid ' closed; do sleep 0.01; done
                # Told by nobody, it does not know that there is a manager.
                printf '#!/bin/sh\\nunset BATON_MANAGER; exec "%s"\\n' "$BIN/app" >server
                "$BIN/baton" restart --pid-file pid --until-drained || exit 91
                wait $CLIENT; grep -q 'end of it' closed || exit 92
                kill -TERM $PID; wait $PID; END=$?; PID=; exit $END
                """
        )
        #expect(shell.status == 0, "\(shell.errors)")
        #expect(shell.errors.contains("connections are not handed over: there is no other generation that takes them"))
        #expect(!shell.errors.contains("warning"), "\(shell.errors)")
    }
}
