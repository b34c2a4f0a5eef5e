import Testing

/// QUIT: the drain's deadline is now.
@Suite(.timeLimit(.minutes(1))) struct QuitTests {
    @Test(arguments: ["", "kill -TERM $PID; said 'stopping:'; "])
    func whatIsLeftIsCutAndSaid(before: String) async throws {
        let end = try await Shell.run(
            """
            trap 'rm -f "$LOG"*' EXIT; echo '{"logLevel": "debug"}' >"$LOG.config"
            start --port 0 --config "$LOG.config"; said 'ready:'; PORT=$(port)
            curl -sS "http://127.0.0.1:$PORT/sleep/?duration=50s" & CURL=$!
            said 'going to sleep'
            \(before)kill -QUIT $PID
            wait $PID; STATUS=$?; wait $CURL && exit 90
            cat "$LOG"; exit $STATUS
            """
        )
        #expect(end.status == 0, "\(end)")
        #expect(end.output.contains(/connection cut at the drain's deadline: .*\/sleep\//), "\(end)")
        #expect(end.output.contains("cancelled: what was under way has been cut"), "\(end)")
    }
}
