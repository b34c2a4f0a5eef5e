import Foundation
import Testing

/// What Server::Starter gets wrong, or leaves to the operator.
@Suite(.serialized) struct DefectTests {
    @Test(
        arguments: ["rm program", "chmod -x program", "echo text >program.new; mv program.new program"],
        ["0.1", "0"]
    )
    func aProgramThatCannotBeExecutedLeavesEverythingAsItIs(damage: String, interval: String) async throws {
        try await RunShell.run(
            """
            cp "$WORKER" program
            begin --path s --interval \(interval) -- ./program serve
            serving 1; said 'generation 1 serves'; ONE=$(worker_of 1); BEFORE=$(cat pid status)
            \(damage)
            kill -HUP $PID; said "'./program' cannot be executed: .*; generation 1 goes on serving"
            expect "$BEFORE" "$(cat pid status)"
            expect "1 $ONE" "$(ask ./s)"
            cp "$WORKER" new; mv new program
            kill -HUP $PID; serving 3; expect "3 $(worker_of 3)" "$(ask ./s)"
            end
            """
        )
    }

    @Test func aRestartIsAnsweredThoughItsFirstAttemptFails() async throws {
        try await RunShell.run(
            """
            begin --port 0 --interval 0.1 --notify -- \\
                sh -c '[ $SERVER_STARTER_GENERATION != 2 ] || exit 3; exec "$WORKER" serve ready'
            serving 1
            expect ok "$(control restart)"
            serving 3; end
            """
        )
    }

    @Test func aRestartThatFailsSaysWhy() async throws {
        try await RunShell.run(
            """
            begin --port 0 --interval 0.1 --notify -- \\
                sh -c '[ $SERVER_STARTER_GENERATION = 1 ] || exit 3; exec "$WORKER" serve ready'
            serving 1; ONE=$(worker_of 1)
            ANSWER=$(control restart)
            case $ANSWER in
                'failed generation 4 '*' status 3, '*' ms after its start and before it was ready') ;;
                *) die "$ANSWER" ;;
            esac
            expect "1 $ONE" "$(ask)"
            end
            """
        )
    }

    @Test func whoAsksIsNotAnsweredForSomebodyWhoHasGone() async throws {
        try await RunShell.run(
            """
            begin --path s --notify -- \\
                sh -c 'until [ -e go$SERVER_STARTER_GENERATION ]; do sleep 0.02; done; exec "$WORKER" serve ready'
            : >go1; serving 1
            "$WORKER" control ./pid.control restart >first & FIRST=$!
            said 'starting new worker' 2; kill -KILL $FIRST; wait $FIRST
            control status >/dev/null
            "$WORKER" control ./pid.control restart >second & SECOND=$!
            said 'received a request to restart' 2
            : >go2; serving 2; said 'starting new worker' 3; control status >/dev/null
            lives $SECOND && [ ! -s second ] || die "answered: $(cat second)"
            : >go3; wait $SECOND; expect ok "$(cat second)"; serving 3
            end
            """
        )
    }

    @Test func itStopsAtOnceThoughOldWorkersHaveTime() async throws {
        try await RunShell.run(
            """
            begin --port 0 --interval 0.1 --kill-old-delay 600 -- "$WORKER" serve
            serving 1; kill -HUP $PID; serving 1 2; said 'generation 1 serves'; said 'generation 2 serves'
            end
            said 'generation 1 got TERM'; said 'generation 2 got TERM'
            """
        )
    }

    @Test func aWorkerThatIgnoresTERMIsKilled() async throws {
        try await RunShell.run(
            """
            begin --port 0 --interval 0.1 --kill-timeout 0.3 -- "$WORKER" serve ignore
            serving 1; said 'generation 1 serves'; ONE=$(worker_of 1)
            kill -HUP $PID; said "worker $ONE has not ended in time, sending KILL"
            said "old worker $ONE died, status:9"; serving 2
            said 'generation 2 serves'; end
            """
        )
    }

    @Test func aProgramIsReadyWhenItSaysSo() async throws {
        try await RunShell.run(
            """
            begin --port 0 --notify --ready-timeout 50 --kill-timeout 0.1 -- "$WORKER" serve ready
            serving 1; kill -HUP $PID; serving 2; end
            """
        )
    }

    @Test func aProgramThatHangsDoesNotTakeOver() async throws {
        try await RunShell.run(
            """
            begin --port 0 --notify --ready-timeout 3 -- \\
                sh -c '[ $SERVER_STARTER_GENERATION != 1 ] || READY=ready; exec "$WORKER" serve $READY'
            serving 1; ONE=$(worker_of 1)
            expect 'failed generation 2 was not ready within 3 s (--ready-timeout): it did not say READY=1' \\
                "$(control restart)"
            said 'generation 2 got TERM'; serving 1; lives $ONE || die "the old one"
            end
            """
        )
    }

    @Test func whatFailsIsTriedAgainLessAndLessOftenAndThenNoMore() async throws {
        let shell = try await RunShell.run(
            """
            begin --port 0 --interval 0.1 --notify --attempts 4 -- false; ended 1
            """
        )
        #expect(shell.count(/starting new worker/) == 4, "\(shell)")
        let pauses = shell.errors.matches(of: /trying again in ([0-9.]+) s/).map { String($0.output.1) }
        #expect(pauses == ["0.1", "0.2", "0.4"], "\(shell)")
    }

    @Test func aWorkerThatIsKilledIsReplaced() async throws {
        try await RunShell.run(
            """
            begin --port 0 --interval 0.1 -- "$WORKER" serve
            for N in 1 2 3; do serving $N; kill -KILL $(worker_of $N); done
            serving 4; said 'died unexpectedly with status:9, restarting' 3
            expect "4 $(worker_of 4)" "$(ask)"
            end
            """
        )
    }

    @Test func ifItIsKilledItsWorkersEndAndThePortIsFree() async throws {
        try await RunShell.run(
            """
            begin --port 0 --interval 0.1 --kill-timeout 0.5 -- "$WORKER" serve
            serving 1; ONE=$(worker_of 1); PORT=$(port)
            kill -KILL $PID; wait $PID; gone $ONE; said 'generation 1 got TERM' 2>/dev/null
            begin --port $PORT --interval 0.1 --kill-timeout 0.5 -- "$WORKER" serve ignore
            until [ "$(cat pid)" = $PID ]; do sleep 0.03; done
            until [ "$(worker_of 1)" != $ONE ]; do sleep 0.03; done; ONE=$(worker_of 1)
            said 'generation 1 serves' 2
            kill -KILL $PID; wait $PID; gone $ONE
            begin --port $PORT --interval 0.1 -- "$WORKER" serve
            until [ "$(worker_of 1)" != $ONE ]; do sleep 0.03; done
            end
            """
        )
    }

    @Test func whatEndsTheWorkersIsReplacedIfItDies() async throws {
        try await RunShell.run(
            """
            begin --port 0 --interval 0.1 --kill-timeout 0.3 -- "$WORKER" serve ignore
            serving 1; said 'generation 1 serves'; ONE=$(worker_of 1)
            kill -KILL $(warden); said 'has died; starting another'
            # Answered when the other one has been started, and told of the workers.
            control status >/dev/null
            kill -KILL $PID; wait $PID; gone $ONE
            """
        )
    }

    /// The kernel forgets that it is to tell a process which has changed its user.
    @Test(arguments: ["", "setpriv --reuid 65534 --clear-groups"])
    func ifItIsKilledItsWorkersAreToldOnceByTheSignalThatWasChosen(prefix: String) async throws {
        if !prefix.isEmpty, getuid() != 0 { return }
        try await RunShell.run(
            """
            cp "$WORKER" worker; chmod 755 . worker
            begin --port 0 --interval 0.1 --signal-on-term USR1 -- \(prefix) ./worker serve hold
            serving 1; said 'generation 1 serves'; ONE=$(worker_of 1) WARDEN=$(warden)
            kill -KILL $PID; wait $PID
            until grep -q 'generation 1 got USR1' log; do lives $ONE || die "it was not told"; sleep 0.03; done
            # Whoever tells it has told it all when it waits for the end.
            until grep -q '^State:.S' /proc/$WARDEN/status; do sleep 0.03; done
            kill -USR2 $ONE; gone $ONE; gone $WARDEN
            expect "got USR1 got USR2" "$(sed -n 's/^generation 1 got/got/p' log | xargs)"
            PID=
            """
        )
    }

    @Test func aSecondINTIsTheDeadline() async throws {
        try await RunShell.run(
            """
            begin --port 0 --interval 0.1 --kill-timeout 0 -- "$WORKER" serve hold
            serving 1; said 'generation 1 serves'
            kill -INT $PID; said 'generation 1 got TERM'
            kill -TERM $PID; kill -INT $PID; said 'generation 1 got QUIT'; said 'has not ended in time, sending KILL'
            ended
            """
        )
    }

    @Test func aHUPForEachGenerationIfThatIsWanted() async throws {
        try await RunShell.run(
            """
            begin --path s --notify --queue-hups -- \
                sh -c 'until [ -e go$SERVER_STARTER_GENERATION ]; do sleep 0.02; done; exec "$WORKER" serve ready'
            : >go1; serving 1
            for N in 1 2 3; do kill -HUP $PID; said 'received HUP' $N; done
            : >go2 >go3 >go4; serving 4; said 'starting new worker' 4
            end
            """
        )
    }

    @Test func whatOthersSayIsNotHeard() async throws {
        try await RunShell.run(
            """
            begin --port 0 --notify --ready-timeout 5 --attempts 1 -- \\
                sh -c 'echo "address $NOTIFY_SOCKET" >&2; exec "$WORKER" serve'
            said '^address '
            NOTIFY_SOCKET=$(sed -n 's/^address //p' log) "$WORKER" say READY=1 || die "say"
            said 'is not of generation 1, and is not heard'
            said 'not ready after 5 s'; ended 1
            """
        )
    }

    @Test func aProgramHasItsSocketsAndNothingElseOfTheManager() async throws {
        let shell = try await RunShell.run(
            """
            exec 7</dev/null; trap '' PIPE USR1
            begin --port 0 --path s --interval 0.1 -- "$WORKER" describe
            said described; end
            """
        )
        #expect(shell.errors.matches(of: /descriptor (\d+)/).compactMap { Int($0.output.1) } == [0, 1, 2, 3, 4])
        #expect(!shell.errors.contains(/ignored|blocked/), "\(shell)")
    }
}
