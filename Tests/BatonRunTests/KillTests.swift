import Testing

/// `baton kill`: whatever state it is in, nothing of it is left.
@Suite(.serialized) struct KillTests {
    @Test(arguments: ["", "--control ./c"], [false, true])
    func nothingIsLeftOfIt(control: String, hangs: Bool) async throws {
        try await RunShell.run(
            """
            begin --port 0 --interval 0.1 \(control) -- "$WORKER" serve ignore
            serving 1; said 'generation 1 serves'; ONE=$(worker_of 1)
            \(hangs ? "kill -STOP $PID" : "")
            "$BATON" kill --pid-file pid \(control) --timeout 50 2>answer; expect "0 " "$? $(cat answer)"
            ! lives $PID || die "it lives"
            ! lives $ONE || die "its worker lives"
            PID=
            """
        )
    }

    @Test func whoReadsItsLogReadsToTheEnd() async throws {
        try await RunShell.run(
            """
            begin --port 0 --interval 0.1 --log-file '| cat >out; echo over >>out' -- "$WORKER" serve ignore
            serving 1; ONE=$(worker_of 1)
            "$BATON" kill --pid-file pid --timeout 50 || die "kill"
            ! lives $ONE || die "its worker lives"
            PID=
            until grep -q '^over$' out; do sleep 0.03; done
            """
        )
    }

    @Test func oneThatDoesNotRunIsNotKilled() async throws {
        try await RunShell.run(
            """
            echo $$ >pid
            "$BATON" kill --pid-file pid 2>answer; expect 1 $?
            grep -q 'nobody holds the lock' answer || die "$(cat answer)"
            """
        )
    }
}
