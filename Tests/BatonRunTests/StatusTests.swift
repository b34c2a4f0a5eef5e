import Testing

/// What `baton status` tells by its exit status.
@Suite(.serialized) struct StatusTests {
    /// `status_is STATUS OPTION…` expects that.
    private static let function = """
        status_is() { WANTED=$1; shift; "$BATON" status "$@" >answer 2>&1; expect "$WANTED" $?; }

        """

    @Test func whoDoesNotAnswerMayRunAllTheSame() async throws {
        try await RunShell.run(
            Self.function + """
                begin --port 0 --interval 0.1 -- "$WORKER" serve
                serving 1; status_is 0 --pid-file pid
                kill -STOP $PID
                status_is 4 --pid-file pid --timeout 0.5
                status_is 4 --control pid.control --timeout 0.5
                kill -CONT $PID; end
                status_is 3 --pid-file pid
                status_is 3 --control pid.control
                """
        )
    }

    @Test func oneThatIsAskedElsewhereRuns() async throws {
        try await RunShell.run(
            Self.function + """
                begin --port 0 --interval 0.1 --control c -- "$WORKER" serve
                serving 1; status_is 4 --pid-file pid; status_is 0 --pid-file pid --control c
                ONE=$(worker_of 1); kill -KILL $PID; wait $PID; PID=; gone $ONE
                # The files are left over.
                status_is 3 --pid-file pid; status_is 3 --control c
                : >pid; status_is 3 --pid-file pid
                status_is 64
                """
        )
    }
}
