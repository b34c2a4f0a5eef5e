import Testing

/// Connections of the generation that drains come to the one that serves, or stay where they are.
@Suite(.serialized) struct ConnectionTests {
    @Test func aConnectionGoesFromGenerationToGeneration() async throws {
        try await ConnectionShell.run(
            """
            worker -- python3 worker.py inbox
            client; answered 1
            for N in 2 3 4; do kill -HUP $PID; answered $N; done
            expect "1 2 3 4" "$(xargs <answers)"
            said 'generation [123] was refused none' 3
            said 'generation [234] is brought baton-carrier.x.1' 3
            kill -TERM $PID; answered closed
            said 'generation 4 was refused carrier 1'; ended
            """
        )
    }

    @Test func itSurvivesThreeRestartsInARow() async throws {
        try await ConnectionShell.run(
            """
            worker -- python3 worker.py inbox
            client; answered 1
            for N in 1 2 3; do kill -HUP $PID; said "new worker is now running" $N; done
            answered 4
            if grep -qx closed answers; then die "$(cat answers)"; fi
            end
            """
        )
    }

    /// What is given to the manager for that is neither stored nor kept.
    @Test func nothingStaysInTheManager() async throws {
        try await ConnectionShell.run(
            """
            export BATON_MANAGER=1
            worker -- python3 worker.py inbox
            client; answered 1; NUMBER=$(ls /proc/$PID/fd | wc -l)
            for N in 2 3 4; do kill -HUP $PID; answered $N; serving $N; done
            until [ "$(ls /proc/$PID/fd | wc -l)" -le $NUMBER ]; do sleep 0.03; done
            expect "$NUMBER" "$(ls /proc/$PID/fd | wc -l)"
            said 'generation [1234] names tcp-0$' 4
            said "generation [1234] manager $PID$" 4
            end
            """
        )
    }

    @Test(arguments: ["", "pipe"])
    func aGenerationThatTakesNoneIsBroughtNone(word: String) async throws {
        let shell = try await ConnectionShell.run(
            """
            worker -- sh -c \\
                'case $SERVER_STARTER_GENERATION in 2) set -- \(word) ;; *) set -- inbox ;; esac; exec python3 worker.py "$@"'
            client; answered 1
            kill -HUP $PID; said 'generation 1 was refused carrier 1'; answered closed; serving 2
            client; answered 2
            # It has nowhere to take any from, but can give what it has to others.
            kill -HUP $PID; said 'generation 3 is brought'; answered 3
            end
            """
        )
        #expect(shell.count(/generation 2: its 'baton-inbox' is not one socket/) == (word == "pipe" ? 1 : 0))
    }

    @Test func noneIsBroughtWhenAllAreToStop() async throws {
        try await ConnectionShell.run(
            """
            worker --kill-old-delay 600 -- python3 worker.py inbox
            client; answered 1
            kill -HUP $PID; serving 1 2
            kill -TERM $PID; said 'generation [12] was refused carrier 1' 2; answered closed
            ended
            """
        )
    }

    @Test func oneThatIsToldByOthersToStopIsRefused() async throws {
        try await ConnectionShell.run(
            """
            worker -- python3 worker.py inbox
            client; answered 1
            kill -TERM $(worker_of 1); said 'generation 1 was refused carrier 1'; answered closed; serving 2
            client; answered 2; end
            """
        )
    }

    @Test func aGenerationThatDiesTakesWithItWhatItWasBrought() async throws {
        try await ConnectionShell.run(
            """
            worker -- sh -c 'exec python3 worker.py inbox linger $([ $SERVER_STARTER_GENERATION != 2 ] || echo deaf)'
            client; answered 1; ONE=$(worker_of 1)
            kill -HUP $PID; said 'generation 1 was refused none'
            kill -KILL $(worker_of 2)
            answered closed; said 'generation 1 sees the end of its carrier'; gone $ONE; serving 3
            client; answered 3; end
            """
        )
    }

    @Test func anInboxThatIsFullKeepsNothingWaiting() async throws {
        try await ConnectionShell.run(
            """
            worker -- sh -c \\
                'exec python3 worker.py inbox $([ $SERVER_STARTER_GENERATION = 2 ] && echo deaf || echo flood)'
            client; answered 1
            kill -HUP $PID; said 'generation 1 was refused carrier [0-9]+'
            said 'generation 2: the connections of generation 1 cannot be brought to it: '
            control status | grep -q '"generation":2' || die "it does not answer"
            kill -KILL $(worker_of 2); serving 3
            end
            """
        )
    }

    @Test func aWorkerThatSaysItIsAnotherGenerationIsNotHeard() async throws {
        try await ConnectionShell.run(
            """
            worker -- sh -c \\
                'exec python3 worker.py $([ $SERVER_STARTER_GENERATION = 2 ] && echo wait || echo inbox pretend)'
            client; answered 1; ONE=$(worker_of 1)
            kill -HUP $PID; until [ -e address ]; do sleep 0.02; done
            kill -USR1 $ONE; said 'generation 1 has pretended'
            said "process $ONE is not of generation 2, and is not heard"
            touch go; said 'generation 1 was refused carrier 1'; answered closed
            serving 2; end
            """
        )
    }
}
