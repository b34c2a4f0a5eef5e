import Testing

/// `--restart-signal`: the program starts its successor itself.
@Suite(.timeLimit(.minutes(2))) struct OwnRestartTests {
    /// Starts `app` by a symbolic link, as deployments do. `pid` is the process that answers, `moved OLD` waits until it is
    /// another one, and its own end is seen by `gone PID`. Standard error is appended to, as several processes write it.
    private static let start = """
        DIR=$(mktemp -d); export RUNTIME_DIRECTORY=$DIR
        ln -s "$APP" $DIR/app; BUILT=$APP; APP=$DIR/app
        start() { "$APP" "$@" 2>>"$LOG" & PID=$!; }
        baton() { "$(dirname "$BUILT")/baton" "$@"; }
        pid() { curl -sS http://127.0.0.1:$PORT/ | sed 's/.*pid //'; }
        stat() { sed -n 's/^State:.\\(.\\).*/\\1/p' /proc/$1/status 2>/dev/null; }
        gone() { until case $(stat $1) in ''|Z) true ;; *) false ;; esac; do sleep 0.01; done; }
        count() { grep -Ec "$1" "$LOG"; }
        end() {
            status=$?
            [ $status = 0 ] || cat "$LOG" >&2
            for process in $PID $(sed -n 's/.*restart: process \\([0-9]*\\) starts.*/\\1/p' "$LOG"); do
                kill -KILL $process
            done 2>/dev/null
            rm -rf "$DIR" "$LOG"
        }
        trap end EXIT
        port() { sed -n 's/.*socket 127.0.0.1:\\([0-9]*\\): bound.*/\\1/p' "$LOG"; }
        saw() { until [ $(count "$1") -ge $2 ]; do sleep 0.01; done; }
        begin() { start --port 0 --restart-signal USR2 "$@"; said 'ready:'; PORT=$(port); }

        """

    private func run(_ script: String) async throws -> Shell {
        let end = try await Shell.run(Self.start + script + "\ncat \"$LOG\"")
        #expect(end.status == 0, "\(end.output)\(end.errors)")
        return end
    }

    @Test func aLoopOfClientsSeesNothingOfTenRestarts() async throws {
        let end = try await run(
            """
            begin
            (
                while [ ! -e $DIR/stop ]; do
                    curl -sS -o /dev/null http://127.0.0.1:$PORT/bytes/20000 || echo failed
                    echo asked
                done >$DIR/asked 2>&1
            ) & LOOP=$!
            OLD=$PID; for i in 1 2 3 4 5 6 7 8 9 10; do
                kill -USR2 $OLD
                saw 'ready:' $((i + 1))
                gone $OLD
                NEW=$(pid); [ "$NEW" != $OLD ] || exit 90
                OLD=$NEW
            done
            touch $DIR/stop; wait $LOOP
            grep -v asked $DIR/asked && exit 91
            [ $(grep -c asked $DIR/asked) -gt 10 ] || exit 92
            wait $PID || exit 93
            [ $(count 'drained: every request was answered') = 10 ] || exit 94
            kill -TERM $OLD; gone $OLD; [ $(count 'drained:') = 11 ] || exit 95
            """
        )
        #expect(end.output.matches(of: /from the predecessor, http\[0\]/).count == 10)
        #expect(!end.output.contains("warning"), "\(end.output)")
    }

    @Test func aRequestUnderWayIsAnsweredByThePredecessor() async throws {
        let end = try await run(
            """
            begin
            curl -sS "http://127.0.0.1:$PORT/sleep/?duration=6s" >$DIR/slow & SLOW=$!
            until ss -Htn state established "sport = :$PORT" | grep -q .; do sleep 0.01; done
            kill -USR2 $PID; saw 'ready:' 2
            # Both accept for a moment.
            until [ "$(pid)" != $PID ]; do sleep 0.01; done
            kill -0 $PID || exit 91
            kill -USR2 $PID
            wait $SLOW || exit 92
            cat $DIR/slow
            wait $PID || exit 93
            [ $(count 'ready:') = 2 ] || exit 94
            """
        )
        #expect(end.output.contains("slept for 6000000000 nanoseconds"))
    }

    @Test func theSuccessorIsStartedAsThisProcessWas() async throws {
        let end = try await run(
            """
            mkdir $DIR/v1 $DIR/v2; ln -s v1 $DIR/current
            cd $DIR/current; APP=../app; export SOME='of thing' PWD
            begin --trial-routes --port 0 --unix @baton-$$
            ln -sfn v2 $DIR/current
            kill -USR2 $PID; saw 'ready:' 2; gone $PID
            NEW=$(curl -sS --abstract-unix-socket baton-$$ http://app/ | sed 's/.*pid //')
            [ "$(readlink /proc/$NEW/cwd)" = $DIR/v2 ] || exit 90
            [ "$(tr '\\0' ' ' </proc/$NEW/cmdline)" = "../app --port 0 --restart-signal USR2 --trial-routes --port 0 --unix @baton-$$ " ] || exit 91
            curl -sS --abstract-unix-socket baton-$$ http://app/trial/child >$DIR/child
            grep -q '^SOME=of thing$' $DIR/child || exit 92
            grep -E '^(LISTEN_|BATON_|SERVER_STARTER|WATCHDOG|NOTIFY)' $DIR/child && exit 93
            # 0, 1 and 2, the descriptor of the folder that ls(1) lists, and nothing of the server's.
            grep socket: $DIR/child && exit 94
            ls -l /proc/$NEW/fd | grep -c socket: >$DIR/sockets
            kill -TERM $NEW; gone $NEW
            true
            """
        )
        #expect(end.output.matches(of: /from the predecessor, http\[[012]\]/).count == 3)
    }

    @Test func aSuccessorThatCannotBeStartedChangesNothing() async throws {
        let end = try await run(
            """
            begin --restart-timeout 5
            fails() {
                kill -USR2 $PID
                saw 'restart failed, so nothing has changed' $1
                [ "$(pid)" = $PID ] || exit 90
            }
            mv $APP $DIR/away
            fails 1
            printf '#!/bin/sh\\nexit 3\\n' >$APP; chmod +x $APP
            fails 2
            # TERM is ignored by all of them; KILL is not.
            printf '#!/bin/sh\\ntrap "" TERM\\nsleep 1001 & sleep 1001\\n' >$APP
            fails 3
            LAST=$(sed -n 's/.*restart: process \\([0-9]*\\) starts.*/\\1/p' "$LOG" | tail -1)
            gone $LAST
            until [ $(ps -o stat= -s $LAST | grep -vc Z) = 0 ]; do sleep 0.01; done
            printf '#!/bin/sh\\nexec "%s" --port 1 --nonsense\\n' "$BUILT" >$APP
            fails 4
            mv $DIR/away $APP
            kill -USR2 $PID; saw 'ready:' 2; gone $PID
            [ "$(pid)" != $PID ] || exit 92
            """
        )
        let failures = end.output.split(separator: "\n").filter { $0.contains("restart failed") }
        #expect(failures.count == 4)
        let reasons = [
            "/app' cannot be executed: No such file", "ended before it was ready", "not ready within 5.0",
            "ended before it was ready",
        ]
        for (failure, reason) in zip(failures, reasons) {
            #expect(failure.contains(reason), "\(failure)")
        }
    }

    @Test func aWorkingDirectoryThatIsGoneIsNamed() async throws {
        let end = try await run(
            """
            mkdir $DIR/work; cd $DIR/work
            begin
            cd /; rmdir $DIR/work
            kill -USR2 $PID; saw 'restart failed' 1
            [ "$(pid)" = $PID ] || exit 90
            """
        )
        #expect(end.output.contains(/cannot be started in \/tmp\/.*\/work: chdir\(2\): No such file/))
    }

    @Test func askedForTwiceMoreInAnAttemptItIsDoneOnceMore() async throws {
        _ = try await run(
            """
            mkfifo $DIR/gate
            begin
            rm $APP; printf '#!/bin/sh\\nread line <%s/gate\\nexec "%s" "$@"\\n' $DIR "$BUILT" >$APP; chmod +x $APP
            kill -USR2 $PID; saw 'restart: process' 1
            kill -USR2 $PID; saw 'asked for again' 1
            kill -USR2 $PID; saw 'asked for again' 2
            # The first successor is called by the program's own name, so nothing stands before the next one.
            echo go >$DIR/gate
            saw 'ready:' 3; gone $PID
            [ $(count 'restart: process') = 2 ] || exit 90
            """
        )
    }

    @Test func termInAnAttemptEndsBoth() async throws {
        let end = try await run(
            """
            begin
            rm $APP; printf '#!/bin/sh\\nexec sleep 1001\\n' >$APP; chmod +x $APP
            kill -USR2 $PID; saw 'restart: process' 1
            LAST=$(sed -n 's/.*restart: process \\([0-9]*\\) starts.*/\\1/p' "$LOG")
            kill -TERM $PID; wait $PID || exit 90
            case $(stat $LAST) in ''|Z) ;; *) exit 91 ;; esac
            """
        )
        #expect(end.output.contains("restart: given up, as the service stops"))
        #expect(!end.output.contains("restart failed"))
    }

    @Test func theControlSocketIsTheSuccessors() async throws {
        _ = try await run(
            """
            echo '{"greeting": "one"}' >$DIR/config
            begin --config $DIR/config
            curl -sS "http://127.0.0.1:$PORT/sleep/?duration=1s" >/dev/null & SLOW=$!
            until ss -Htn state established "sport = :$PORT" | grep -q .; do sleep 0.01; done
            greeting() { curl -sS http://127.0.0.1:$PORT/ | cut -d ' ' -f 1; }
            kill -USR2 $PID; saw 'ready:' 2
            echo '{"greeting": "two"}' >$DIR/config
            baton reload || exit 90
            until [ "$(greeting)" = two ]; do sleep 0.01; done
            wait $SLOW; gone $PID
            echo '{"greeting": "three"}' >$DIR/config
            baton reload || exit 92
            [ "$(greeting)" = three ] || exit 93
            NEW=$(pid); kill -USR2 $NEW; saw 'ready:' 3; gone $NEW
            baton reload || exit 94
            # A failed attempt takes nothing away.
            NEW=$(pid); rm $APP; kill -USR2 $NEW; saw 'restart failed' 1
            baton reload || exit 95
            [ "$(ls $DIR)" = "$(printf 'config\\ncontrol')" ] || exit 96
            kill -TERM $NEW; gone $NEW
            [ "$(ls $DIR)" = config ] || exit 97
            """
        )
    }

    @Test(.needsLibsystemd) func underStartServerItIsRefused() async throws {
        let end = try await run(
            """
            export SERVER_STARTER_PORT=''
            python3 - "$APP" 2>>"$LOG" <<'END' & PID=$!
            import os, socket, sys
            server = socket.create_server(("127.0.0.1", 0)); os.set_inheritable(server.fileno(), True)
            os.environ["SERVER_STARTER_PORT"] = "8080=%d" % server.fileno()
            os.execv(sys.argv[1], [sys.argv[1], "--restart-signal", "SIGUSR2"])
            END
            said 'ready:'
            kill -USR2 $PID; saw 'no restart: start_server' 1
            kill -TERM $PID; wait $PID
            """
        )
        #expect(end.output.contains("sent HUP"))
    }

    @Test(arguments: ["HUP", "usr2", "12", "", "SIGTERM", "SIG"])
    func otherSignalsAreRefused(name: String) async throws {
        let end = try await Shell.run("\"$APP\" --restart-signal '\(name)'")
        #expect(end.status == 64)
        #expect(end.errors.contains("--restart-signal"), "\(end.errors)")
        #expect(end.errors.contains("it is USR1 or USR2"), "\(end.errors)")
    }

    @Test func withoutTheOptionNothingIsCaught() async throws {
        let end = try await Shell.run("start --port 0; said 'ready:'; kill -USR2 $PID; wait $PID")
        #expect(end.status == 128 + 12)
    }

    @Test(arguments: ["malformed", "9", "9 own", "99999999999 own", "2 own", "3 mine"])
    func aPredecessorThatIsNoneIsRefused(value: String) async throws {
        let end = try await Shell.run("LISTEN_PID=$$ BATON_PREDECESSOR='\(value)' exec \"$APP\" --port 0 3</dev/null")
        #expect(end.status == 78)
        #expect(end.errors.contains("BATON_PREDECESSOR='\(value)': "), "\(end.errors)")
    }

    @Test func aPredecessorOfAnotherProcessIsIgnored() async throws {
        let end = try await Shell.run(
            """
            export BATON_PREDECESSOR='3 own' LISTEN_PID=1 LISTEN_FDS=1
            start --port 0 3</dev/null; said 'ready:'; kill -TERM $PID; wait $PID
            """
        )
        #expect(end.status == 0, "\(end)")
    }
}
