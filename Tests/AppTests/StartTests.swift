import Foundation
import Testing

/// Where the sockets come from, and what is said of it.
@Suite struct StartTests {
    @Test(arguments: ["export LISTEN_PID=1 LISTEN_FDS=1", "export LISTEN_FDS=1", ":"])
    func bindsItsOwnAddressUnlessSocketsAreMeantForIt(environment: String) async throws {
        let shell = try await Shell.run(
            """
            \(environment); start --port 0 3</dev/null; said 'ready'
            kill -TERM $PID; wait $PID; STATUS=$?; cat "$LOG"; exit $STATUS
            """
        )
        #expect(shell.status == 0, "\(shell)")
        #expect(shell.output.contains(/socket 127\.0\.0\.1:[1-9]\d*: bound by this process, http\[0\]/), "\(shell)")
    }

    @Test func saysEachSocketInALineOfItsOwn() async throws {
        let shell = try await Shell.run(
            """
            start --hostname ::1 --port 0 --port 0 --unix /tmp/baton-$$.sock; said 'ready'
            kill -TERM $PID; wait $PID; STATUS=$?; cat "$LOG"; rm /tmp/baton-$$.sock; exit $STATUS
            """
        )
        #expect(shell.status == 0, "\(shell)")
        #expect(
            shell.output.matches(of: /socket \[::1\]:[1-9]\d*: bound by this process, http\[[01]\]/).count == 2,
            "\(shell)"
        )
        #expect(shell.output.contains(/socket \/tmp\/baton-\d+\.sock: bound by this process, http\[2\]/), "\(shell)")
        #expect(shell.output.matches(of: /app: pid \d+, version/).count == 1, "\(shell)")
    }

    @Test(.needsLibsystemd) func takesSocketsFromAServiceManager() async throws {
        try await expectActivated("", "from systemd, http[0]")
    }

    @Test(.needsLibsystemd) func takesSocketsWithoutNames() async throws {
        try await expectActivated("unset LISTEN_FDNAMES;", "from systemd, unknown[0]")
    }

    @Test func takesSocketsFromStartServer() async throws {
        try await expectActivated(
            "unset LISTEN_PID LISTEN_FDS LISTEN_FDNAMES; export SERVER_STARTER_PORT=8080=3;",
            "from a supervisor, 8080[0]"
        )
    }

    /// A connection starts the server through a real listener, which passes the socket on.
    private func expectActivated(_ change: String, _ origin: String) async throws {
        let shell = try await Shell.run(
            """
            SOCKET=/tmp/baton-$$.sock
            systemd-socket-activate --listen=$SOCKET --fdname=http -E APP -- sh -c '\(change) exec "$APP"' & PID=$!
            until [ -S $SOCKET ]; do sleep 0.01; done
            curl -s --unix-socket $SOCKET http://app/
            kill -TERM $PID; wait $PID; STATUS=$?; ls $SOCKET && rm $SOCKET; exit $STATUS
            """
        )
        #expect(shell.status == 0, "\(shell)")
        #expect(shell.errors.contains(origin), "\(shell)")
        #expect(shell.output.contains(/app 0\.1\.0 pid \d+\n/), "\(shell)")
        #expect(shell.output.contains(/baton-\d+\.sock/), "the server removed the socket's path: \(shell)")
    }

    @Test(.needsLibsystemd) func aNotifySocketThatLeadsNowhereIsSaidOnceAndServingGoesOn() async throws {
        let shell = try await Shell.run(
            """
            export NOTIFY_SOCKET=/no/such/socket; start --port 0; said 'cannot be told READY=1'
            PORT=$(port)
            curl -s http://127.0.0.1:$PORT/
            kill -TERM $PID; wait $PID; STATUS=$?; cat "$LOG"; exit $STATUS
            """
        )
        #expect(shell.status == 0, "\(shell)")
        #expect(shell.output.contains(/app 0\.1\.0 pid \d+\n/), "\(shell)")
        #expect(shell.output.matches(of: /the service manager cannot be told/).count == 1, "\(shell)")
    }

    /// TERM at any moment of the start: either there is nobody yet to drain, or it drains; never a crash, never a hang.
    @Test(arguments: 0..<20)
    func termWhileItStarts(step: Int) async throws {
        let shell = try await Shell.run(
            "start --port 0; sleep 0.0\(step / 10)\(step % 10); kill -TERM $PID; wait $PID; STATUS=$?; cat \"$LOG\"; exit $STATUS"
        )
        #expect(shell.status == 0 || shell.status == 128 + 15, "\(shell)")
    }

    @Test func termTwiceCutsNothing() async throws {
        let shell = try await Shell.run(
            """
            trap 'rm -f "$LOG"*' EXIT; echo '{"logLevel": "debug"}' >"$LOG.config"
            start --port 0 --config "$LOG.config"; said 'ready'
            curl -s "http://127.0.0.1:$(port)/sleep/?duration=1s" & CURL=$!
            said 'going to sleep'
            kill -TERM $PID; said 'stopping'; kill -TERM $PID
            wait $CURL || exit 98; wait $PID
            """
        )
        #expect(shell.status == 0, "\(shell)")
        #expect(shell.output.contains("slept for 1000000000 nanoseconds"), "\(shell)")
    }

    /// Nobody else holds the socket that it has bound, so what waits in the backlog goes with it, or is answered first.
    @Test func whatWaitsInTheBacklogOfItsOwnSocketIsAnswered() async throws {
        let shell = try await Shell.run(
            """
            start --port 0; said 'ready'
            PORT=$(port)
            kill -STOP $PID
            for i in $(seq 100); do curl -s http://127.0.0.1:$PORT/ & CURLS="$CURLS $!"; done
            # Their requests, too: who has not asked anything is not waited for.
            until [ "$(ss -Htn state established "sport = :$PORT" | awk '$1 > 0' | wc -l)" = 100 ]; do sleep 0.01; done
            kill -TERM $PID; kill -CONT $PID
            for curl in $CURLS; do wait $curl || echo "curl failed with $?"; done
            wait $PID
            """
        )
        #expect(shell.status == 0, "\(shell)")
        #expect(shell.output.matches(of: /app 0\.1\.0 pid \d+\n/).count == 100, "\(shell)")
    }
}
