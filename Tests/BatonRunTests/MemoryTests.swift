import Testing

/// What a long life does to it.
@Suite(.serialized) struct MemoryTests {
    @Test func aThousandRestartsLeaveNothingInIt() async throws {
        try await RunShell.run(
            """
            begin --path s --interval 0 -- "$WORKER" serve
            serving 1
            set -- $(cat /proc/$PID/task/$PID/children)
            for CHILD in "$@"; do grep -qx baton-warden /proc/$CHILD/comm && WARDEN=$CHILD; done
            descriptors() { for P in $PID $WARDEN; do ls /proc/$P/fd | wc -l; done | xargs; }
            memory() { cat /proc/$PID/smaps_rollup /proc/$WARDEN/smaps_rollup | awk '/^Anonymous:/ { N += $2 } END { print N }'; }
            restart() { for N in $(seq $1); do expect ok "$(control 'restart drained')"; done; }
            restart 20; DESCRIPTORS=$(descriptors) MEMORY=$(memory)
            restart 980
            expect 1001 "$(cut -d: -f1 status)"
            expect "$DESCRIPTORS" "$(descriptors)"
            [ $(memory) -le $((MEMORY + 256)) ] || die "from $MEMORY kB to $(memory) kB"
            end
            """,
            seconds: 120
        )
    }
}
