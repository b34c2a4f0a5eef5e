import Testing

/// What `app` serves besides requests with an end: an event stream, and a WebSocket.
@Suite(.timeLimit(.minutes(1))) struct StreamTests {
    private static let follow = """
        start --port 0 --restart-signal USR2; said 'ready:'; PORT=$(port)
        trap 'kill $PID $(sed -n "s/.*restart: process \\([0-9]*\\) starts.*/\\1/p" "$LOG") 2>/dev/null; rm -f "$LOG"*' EXIT
        curl -sSN http://127.0.0.1:$PORT/events >"$LOG.events" & CURL=$!
        until grep -q '^id: ' "$LOG.events"; do kill -0 $CURL || exit 89; sleep 0.01; done

        """

    @Test(arguments: ["TERM", "INT"])
    func aStreamEndsAsAResponseDoesWhenTheServiceStops(signal: String) async throws {
        let end = try await Shell.run(
            Self.follow + """
                kill -\(signal) $PID
                wait $CURL || exit 90
                wait $PID || exit 91
                tail -n 1 "$LOG.events" | grep -q '^$' || exit 92
                cat "$LOG"
                """
        )
        #expect(end.status == 0, "\(end)")
        #expect(end.output.contains("drained: every request was answered"), "\(end)")
    }

    @Test func atAHandOverToASuccessorItEndsAndGoesOnThere() async throws {
        let end = try await Shell.run(
            Self.follow + """
                kill -USR2 $PID
                wait $CURL || exit 90
                wait $PID || exit 91
                LAST=$(sed -n 's/^id: //p' "$LOG.events" | tail -n 1)
                curl -sSN -H "Last-Event-ID: $LAST" http://127.0.0.1:$PORT/events >"$LOG.more" & CURL=$!
                until grep -q '^id: ' "$LOG.more"; do kill -0 $CURL || exit 92; sleep 0.01; done
                kill $CURL || exit 95
                echo "after $LAST"; cat "$LOG.more"
                grep -q "pid $PID\\$" "$LOG.more" && exit 93
                [ $(sed -n 's/^id: //p' "$LOG.more" | head -n 1) = $((LAST + 1)) ] || exit 94
                """
        )
        #expect(end.status == 0, "\(end)")
    }

    @Test func whoAsksForNoWebSocketIsTold() async throws {
        let end = try await Shell.run(
            """
            start --port 0; said 'ready:'
            curl -sS -i http://127.0.0.1:$(port)/echo
            kill -TERM $PID; wait $PID
            """
        )
        #expect(end.status == 0, "\(end)")
        #expect(end.output.hasPrefix("HTTP/1.1 426 "), "\(end)")
        #expect(end.output.contains("/echo is a WebSocket"), "\(end)")
    }
}
