import Testing

/// Pid file, log, and the life in the background.
@Suite(.serialized) struct ManagerFilesTests {
    @Test func thePidFileIsLockedAsLongAsItRuns() async throws {
        try await RunShell.run(
            """
            begin --port 0 --interval 0.1 -- "$WORKER" serve
            serving 1; expect $PID "$(cat pid)"
            exec 9<pid
            flock -n 9 && die "not locked"
            kill -TERM $PID; flock 9
            [ ! -e pid ] || die "the pid file is left"
            ended
            """
        )
    }

    @Test func aSecondOneIsRefusedAndChangesNothing() async throws {
        try await RunShell.run(
            """
            begin --path s --interval 0.1 -- "$WORKER" serve
            serving 1; BEFORE=$(cat pid status; ls)
            "$BATON" run --path s --pid-file pid --status-file status -- "$WORKER" serve 2>"$DIR.second"; END=$?
            SECOND=$(cat "$DIR.second"); rm "$DIR.second"
            expect 1 $END
            expect "baton run: --pid-file pid: process $PID holds it and is running; restart that (baton restart), stop it \
            (baton stop), or use another file" "$SECOND"
            expect "$BEFORE" "$(cat pid status; ls)"
            expect "1 $(worker_of 1)" "$(ask ./s)"
            expect ok "$(control restart)"
            end
            """
        )
    }

    @Test func aPidFileThatIsLeftOverIsTakenOver() async throws {
        try await RunShell.run(
            """
            echo 1 >pid
            begin --port 0 --interval 0.1 -- "$WORKER" serve
            serving 1; expect $PID "$(cat pid)"; end
            """
        )
    }

    @Test func inTheBackgroundItReturnsWhenTheFirstGenerationServes() async throws {
        try await RunShell.run(
            """
            "$BATON" run --daemonize --log-file log --pid-file "$DIR/pid" --status-file status --path s --interval 0.1 \\
                -- "$WORKER" serve || die "daemonize"
            PID=$(cat pid)
            expect "1 $(worker_of 1)" "$(ask ./s)"
            expect /dev/null "$(readlink /proc/$PID/fd/0)"
            exec 9<pid; kill -TERM $PID; flock 9; gone $PID; PID=
            expect log "$(ls)"
            """
        )
    }

    @Test func inTheBackgroundAStartThatFailsIsTheStatus() async throws {
        try await RunShell.run(
            """
            "$BATON" run --daemonize --log-file log --pid-file pid --path s -- ./missing; expect 127 $?
            until [ "$(ls)" = log ]; do sleep 0.03; done
            grep -q "'./missing' cannot be executed" log || die "$(cat log)"
            """
        )
    }

    @Test func inTheBackgroundWhatCannotBeSetUpIsSaidInTheForeground() async throws {
        try await RunShell.run(
            """
            "$BATON" run --daemonize --log-file log --pid-file pid --path s --control missing/c -- "$WORKER" serve 2>said
            expect 1 $?
            grep -q '^baton run: --control missing/c: ' said || die "$(cat said)"
            grep -q '^baton run: --control missing/c: ' log || die "$(cat log)"
            """
        )
    }

    @Test func thePidFileIsEnoughToReachIt() async throws {
        try await RunShell.run(
            """
            mkdir runtime; export RUNTIME_DIRECTORY="$DIR/runtime"
            begin --path s --interval 0.1 -- "$WORKER" serve
            serving 1; "$BATON" restart --pid-file pid || die "beside the pid file"; serving 2
            [ -S pid.control ] && [ ! -L pid.control ] && [ ! -e runtime/baton-run ] || die "$(ls -l . runtime)"
            end

            # As in a unit, whose commands know only the folder. The link is one that was left over.
            ln -s nowhere pid.control; export NOTIFY_SOCKET=@baton-nobody-$$
            begin --path s --interval 0.1 -- "$WORKER" serve
            serving 1; "$BATON" restart --pid-file pid || die "by the link"; serving 2
            "$BATON" restart || die "in the folder"; serving 3
            end
            expect "log runtime" "$(ls | xargs)$(ls runtime)"
            """
        )
    }

    /// Its name is too long for a socket, and nobody has asked for it.
    @Test func withoutAControlSocketItRuns() async throws {
        try await RunShell.run(
            """
            LONG=$(printf '%0100d' 0); mkdir $LONG
            "$BATON" run --pid-file $LONG/pid --status-file status --path s --interval 0.1 -- "$WORKER" serve 2>>log & PID=$!
            serving 1; expect "1 $(worker_of 1)" "$(ask ./s)"
            said 'use a shorter one; this goes on, but baton restart and baton status cannot reach it'
            end
            """
        )
    }

    @Test func inTheBackgroundAStopBeforeItServesIsAFailure() async throws {
        try await RunShell.run(
            """
            "$BATON" run --daemonize --log-file log --pid-file pid --path s --interval 600 -- "$WORKER" serve & PID=$!
            said 'generation 1 serves'; kill -TERM $(cat pid); ended 1
            until [ "$(ls)" = log ]; do sleep 0.03; done
            """
        )
    }

    /// One that was killed under systemd has left a link to its runtime directory.
    @Test func aLinkInThePlaceOfTheControlSocketIsNotInItsWay() async throws {
        try await RunShell.run(
            """
            ln -s nowhere/baton-run pid.control
            begin --port 0 --interval 0.1 -- "$WORKER" serve
            serving 1; [ -S pid.control ] && [ ! -L pid.control ] || die "$(ls -l)"
            expect ok "$(control restart)"; end
            """
        )
    }

    @Test func theLogIsAFileThatIsAppendedTo() async throws {
        try await RunShell.run(
            """
            echo before >out
            begin --port 0 --interval 0.1 --log-file out -- sh -c 'echo "on standard output"; exec "$WORKER" serve'
            serving 1; until grep -q 'generation 1 serves' out; do sleep 0.03; done; end
            expect before "$(head -n 1 out)"
            for LINE in 'on standard output' 'generation 1 serves' exiting; do grep -q "$LINE" out || die "$LINE"; done
            """
        )
    }

    @Test func theLogIsACommandThatReadsToTheEnd() async throws {
        try await RunShell.run(
            """
            begin --port 0 --interval 0.1 --log-file ' | cat >out; echo over >>out' -- "$WORKER" serve
            serving 1; kill -HUP $PID; serving 2
            for N in 1 2; do until grep -q "generation $N serves" out; do sleep 0.03; done; done; end
            until grep -q '^over$' out; do sleep 0.03; done
            for LINE in 'generation 1 serves' 'generation 2 serves' exiting; do grep -q "$LINE" out || die "$LINE"; done
            """
        )
    }

    @Test func inTheBackgroundTheCommandOfTheLogIsItsOwn() async throws {
        try await RunShell.run(
            """
            # Which ends when nobody holds the other end any more.
            SAID=$("$BATON" run --daemonize --log-file '| echo $PPID >parent; cat >out; echo over >>out' --pid-file pid \
                --status-file status --path s --interval 0.1 -- "$WORKER" serve 2>&1) || die "$SAID"
            PID=$(cat pid)
            until [ -s parent ]; do sleep 0.03; done; expect $PID "$(cat parent)"
            until grep -q 'generation 1 serves' out; do sleep 0.03; done
            kill -TERM $PID; gone $PID; PID=
            until grep -q '^over$' out; do sleep 0.03; done; grep -q exiting out || die "$(cat out)"
            """
        )
    }

    @Test func standardDescriptorsThatAreClosedAreNobodyElses() async throws {
        try await RunShell.run(
            """
            "$BATON" run --pid-file pid --status-file status --path s --interval 0.1 -- "$WORKER" serve 0<&- 1>&- 2>&- & PID=$!
            serving 1; expect "1 $(worker_of 1)" "$(ask ./s)"
            for PROCESS in $PID $(worker_of 1); do
                for N in 0 1 2; do expect /dev/null "$(readlink /proc/$PROCESS/fd/$N)"; done
            done
            expect $PID "$(cat pid)"; end
            """
        )
    }

    @Test func exitStatuses() async throws {
        try await RunShell.run(
            """
            begin --interval 0.1 -- ./missing; ended 127
            : >text; begin --interval 0.1 -- ./text; ended 126
            begin --port 0 --interval 0.1 --attempts 2 -- false; ended 1
            begin --port 70000 -- true; ended 64
            begin --daemonize -- true; ended 64
            begin --port 0 --control @control -- true; ended 64
            begin; ended 64
            begin --port 0 --interval 0.1 -- "$WORKER" serve; serving 1; kill -INT $PID; ended 0
            """
        )
    }
}
