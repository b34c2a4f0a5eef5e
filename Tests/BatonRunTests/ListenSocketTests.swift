import Testing

/// The sockets that are held, and how the program is told of them.
@Suite(.serialized) struct ListenSocketTests {
    /// A program that says what it was told.
    private static let telling =
        #"-- sh -c 'echo "ports [${SERVER_STARTER_PORT-unset}]" >&2; exec "$WORKER" serve'"#

    @Test func aSocketInTheFileSystemIsMadeAndRemoved() async throws {
        try await RunShell.run(
            """
            begin --path s --interval 0.1 \(Self.telling)
            serving 1; said 'ports \\[s=3\\]'
            expect "1 $(worker_of 1)" "$(ask ./s)"
            expect srwxrwxrwx "$(ls -l s | cut -c 1-10)"
            end; [ ! -e s ] || die "the path is left"
            """
        )
    }

    @Test func anAbstractNameIsNoFileAndNoneIsRemoved() async throws {
        try await RunShell.run(
            """
            NAME=@baton-$$; : >$NAME
            begin --path $NAME --interval 0.1 \(Self.telling)
            serving 1; said "ports \\[$NAME=3\\]"; end
            [ -f $NAME ] || die "the file is gone"
            """
        )
    }

    @Test func aSocketThatAnEarlierOneHasLeftIsReplaced() async throws {
        try await RunShell.run(
            """
            begin --path s --interval 0.1 -- "$WORKER" serve
            serving 1; ONE=$(worker_of 1); kill -KILL $PID; wait $PID; gone $ONE
            [ -S s ] || die "kill -9 leaves the path"
            rm status
            begin --path s --interval 0.1 -- "$WORKER" serve
            serving 1; expect "1 $(worker_of 1)" "$(ask ./s)"; end
            """
        )
    }

    @Test func nothingIsLeftOfAStartThatFails() async throws {
        try await RunShell.run(
            """
            begin --path s --path missing/s -- "$WORKER" serve; ended 2
            expect log "$(ls)"
            begin --path s --log-file missing/log -- "$WORKER" serve; ended 1
            expect log "$(ls)"
            """
        )
    }

    @Test(arguments: [
        ("127.0.0.1:0", "127.0.0.1", "::1"), ("[::1]:0", "::1", "127.0.0.1"), ("[::]:0", "::1", "127.0.0.1"),
        ("0", "127.0.0.1", "::1"),
    ])
    func anAddressIsThatAndNoOther(port: String, reached: String, unreached: String) async throws {
        try await RunShell.run(
            """
            [ -e /proc/net/if_inet6 ] || exit 0
            begin --port '\(port)' --interval 0.1 \(Self.telling)
            serving 1; said 'ports \\[\(port.replacing("[", with: "\\[").replacing("]", with: "\\]"))=3\\]'
            expect "1 $(worker_of 1)" "$(ask \(reached):$(port))"
            ask \(unreached):$(port) 2>/dev/null && die "\(unreached), too"
            end
            """
        )
    }

    @Test(arguments: ["0=0", "127.0.0.1:0=0", "0=3", "0=42"])
    func aSocketCanHaveANumberOfItsOwn(port: String) async throws {
        try await RunShell.run(
            """
            begin --port \(port) --interval 0.1 \(Self.telling)
            serving 1; said 'ports \\[\(port)\\]'
            expect "1 $(worker_of 1)" "$(ask)"
            end
            """
        )
    }

    /// It finds it among those that it is passed from 3 on, and asks for it by another name than it has there.
    @Test(.needsLibsystemd) func aProgramBuiltWithBatonServesASocketThatHasANumberOfItsOwn() async throws {
        let shell = try await RunShell.run(
            """
            begin --port 127.0.0.1:0=42 --notify -- "${BATON%/*}/app"
            serving 1; curl -sS http://127.0.0.1:$(port)/ | grep -q "pid $(worker_of 1)" || die "no answer"
            end
            """
        )
        #expect(!shell.errors.contains("nobody asked for socket"), "\(shell)")
    }

    @Test(arguments: ["u0", "127.0.0.1:u0"])
    func datagrams(port: String) async throws {
        try await RunShell.run(
            """
            begin --port \(port) --interval 0.1 \(Self.telling)
            serving 1; said 'ports \\[\(port.replacing("u", with: ""))=3\\]'
            expect "1 $(worker_of 1)" "$(ask 127.0.0.1:u$(port))"
            kill -HUP $PID; serving 2
            expect "2 $(worker_of 2)" "$(ask 127.0.0.1:u$(port))"
            end
            """
        )
    }

    @Test func withoutASocketTheVariableIsThereAndEmpty() async throws {
        let shell = try await RunShell.run(
            """
            export LISTEN_FDS=1 LISTEN_PID=1 SERVER_STARTER_PORT=1=1
            begin --interval 0.1 -- sh -c \\
                'echo "ports [${SERVER_STARTER_PORT-unset}] ${LISTEN_FDS-unset}" >&2; exec "$WORKER" serve'
            serving 1; said 'generation 1 serves'; end
            """
        )
        #expect(shell.errors.contains("ports [] unset\n"))
    }

    @Test func bothProtocolsNameTheSameDescriptors() async throws {
        try await RunShell.run(
            """
            begin --port 0 --port 127.0.0.1:u0 --path s --interval 0.1 -- sh -c \\
                '[ $LISTEN_PID = $$ ] && echo "$LISTEN_FDS $LISTEN_FDNAMES $SERVER_STARTER_PORT" >&2; exec "$WORKER" serve'
            serving 1; said '^3 tcp-0:udp-0:s 0=3;127.0.0.1:0=4;s=5$'
            end
            """
        )
    }

    @Test func anAddressInUseIsTheExitStatus() async throws {
        try await RunShell.run(
            """
            begin --port 127.0.0.1:0 --path s --interval 0.1 -- "$WORKER" serve
            serving 1; ONE=$(cat status)
            for ADDRESS in "--port 127.0.0.1:$(port)" "--path s"; do
                "$BATON" run $ADDRESS --status-file status -- "$WORKER" serve 2>second; expect 98 $?
                grep -q 'another process listens there' second || die "$(cat second)"
            done
            expect "$ONE" "$(cat status)"; expect "1 $(worker_of 1)" "$(ask ./s)"
            end
            """
        )
    }
}
