import Testing

/// QUIT: the drain's deadline is now.
@Suite(.timeLimit(.minutes(1))) struct QuitTests {
    @Test(arguments: ["", "kill -TERM $PID; said 'stopping:'; "])
    func whatIsLeftIsCutAndSaid(before: String) async throws {
        let end = try await Shell.run(
            """
            start --port 0; said 'ready:'; PORT=$(port)
            curl -sS "http://127.0.0.1:$PORT/sleep/?duration=50s" & CURL=$!
            until ss -Htn state established "sport = :$PORT" | grep -q .; do sleep 0.01; done
            curl -sS http://127.0.0.1:$PORT/ >/dev/null
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
