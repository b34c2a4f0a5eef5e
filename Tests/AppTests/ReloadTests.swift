import Testing

/// The configuration file, read at the start and again on SIGHUP and `baton reload`.
@Suite struct ReloadTests {
    private static let start = """
        DIR=$(mktemp -d); export RUNTIME_DIRECTORY=$DIR
        trap 'rm -rf "$DIR" "$LOG"' EXIT
        echo '{"greeting": "hello"}' >$DIR/config
        start --port 0 --config $DIR/config
        said 'ready:'
        greeting() { curl -s http://127.0.0.1:$(port)/ | cut -d ' ' -f 1; }
        baton() { "$(dirname "$APP")/baton" "$@"; }
        [ "$(greeting)" = hello ] || exit 90

        """
    private static let stop = "\nkill -TERM $PID; wait $PID || exit 91; cat \"$LOG\" >&2"

    private func run(_ script: String) async throws -> Shell {
        let end = try await Shell.run(Self.start + script + Self.stop)
        #expect(end.status == 0, "\(end.output)\(end.errors)")
        return end
    }

    @Test func hangUpReadsTheFileAgain() async throws {
        let end = try await run(
            """
            echo '{"greeting": "bonjour", "logLevel": "debug"}' >$DIR/config
            kill -HUP $PID; said 'reloaded'
            [ "$(greeting)" = bonjour ] || exit 92
            curl -s "http://127.0.0.1:$(port)/sleep/?duration=1ms" >/dev/null; said 'going to sleep'
            """
        )
        #expect(end.errors.contains("debug"))
    }

    @Test func theCommandReturnsWhenItIsDone() async throws {
        _ = try await run(
            """
            for NAME in a b c d e f g h; do
                echo "{\\"greeting\\": \\"$NAME\\"}" >$DIR/config
                baton reload || exit 93
                [ "$(greeting)" = $NAME ] || exit 94
            done
            """
        )
    }

    @Test(arguments: [
        ("{", "JSON"), (#"{"greeting": 1}"#, "greeting"), (#"{"loglevel": "info"}"#, "loglevel"),
        (#"{"logLevel": "loud"}"#, "'loud'"), ("[]", "JSON of an object"),
    ])
    func aFileThatCannotBeUsedChangesNothingAndFailsTheCommand(file: String, part: String) async throws {
        let end = try await run(
            """
            echo '\(file)' >$DIR/config
            baton reload && exit 95
            [ "$(greeting)" = hello ] || exit 96
            """
        )
        #expect(end.errors.contains("baton reload: --config "), "\(end.errors)")
        #expect(end.errors.contains(part), "\(end.errors)")
        #expect(end.errors.contains("error") && end.errors.contains("nothing has changed"))
        let atStart = try await Shell.run("F=$(mktemp); echo '\(file)' >$F; \"$APP\" --port 0 --config $F")
        #expect(atStart.status == 78, "\(atStart.errors)")
        #expect(atStart.errors.contains(part))
    }

    @Test func aFileThatIsNotThereIsNamed() async throws {
        let end = try await Shell.run("\"$APP\" --port 0 --config /no/such/file")
        #expect(end.status == 78)
        #expect(end.errors.contains("--config /no/such/file: it cannot be read: No such file"), "\(end.errors)")
    }

    @Test func theCommandSaysWhyItCannotAsk() async throws {
        let end = try await Shell.run(
            """
            BATON="$(dirname "$APP")/baton"
            "$BATON" reload; [ $? = 64 ] || exit 90
            RUNTIME_DIRECTORY=/no/such "$BATON" reload; [ $? = 1 ] || exit 91
            "$BATON" reload --socket /no/such/socket --timeout 0; [ $? = 64 ] || exit 92
            """
        )
        #expect(end.status == 0, "\(end.errors)")
        #expect(end.errors.contains("RUNTIME_DIRECTORY is not set"))
        #expect(end.errors.contains("/no/such/control"))
    }

    @Test func aServiceThatGoesAwayOrHangsIsAFailure() async throws {
        let end = try await run(
            """
            python3 - $DIR/deaf <<'END' &
            import socket, sys
            server = socket.socket(socket.AF_UNIX); server.bind(sys.argv[1]); server.listen()
            first, _ = server.accept(); first.recv(100); first.close()
            second, _ = server.accept(); second.recv(100); second.recv(100)
            END
            until [ -S $DIR/deaf ]; do sleep 0.01; done
            baton reload --socket $DIR/deaf && exit 92
            baton reload --socket $DIR/deaf --timeout 0.2 && exit 93
            true
            """
        )
        #expect(end.errors.contains("went away"), "\(end.errors)")
        #expect(end.errors.contains("no answer within 0.2 s"), "\(end.errors)")
    }
}
