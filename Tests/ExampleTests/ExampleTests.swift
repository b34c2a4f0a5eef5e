import Testing

/// The servers of Tests/Examples, as processes that are restarted under load.
@Suite(.serialized) struct ExampleTests {
    @Test(.needsLibsystemd, arguments: ["line", "datagram"])
    func nothingIsLostWhereGenerationsOverlap(kind: String) async throws {
        let shell = try await ExampleShell.run(
            """
            case \(kind) in line) PROGRAM=$LINE PORT=0 ;; *) PROGRAM=$DATAGRAM PORT=u0 ;; esac
            "$BATON" run --port $PORT --pid-file pid --notify -- "$PROGRAM" 2>>log & PID=$!
            said 'ready: accepting'
            load \(kind) "$(port)"
            for GENERATION in 2 3 4 5 6; do
                more 200; kill -HUP $PID; said 'ready: accepting' $GENERATION; said 'drained:' $((GENERATION - 1))
            done
            more 200; loaded
            kill -TERM $PID; wait $PID || die "baton run"; PID=
            settled
            """
        )
        #expect(shell.output.contains("of 6 processes"), "\(shell)")
    }

    @Test(.needsLibsystemd, arguments: ["line", "datagram"])
    func nothingIsLostWhereOneFollowsTheOther(kind: String) async throws {
        let shell = try await ExampleShell.run(
            """
            # Holds the socket, as systemd does, and starts the program again whenever it has ended, until there is a file `stop`.
            HOLDER='
            import os, socket, sys
            kind, program = sys.argv[1], sys.argv[2]
            server = socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "line" else socket.SOCK_DGRAM)
            server.bind(("127.0.0.1", 0))
            if kind == "line": server.listen(4096)
            print("holding %s:%d" % server.getsockname(), file=sys.stderr, flush=True)
            name = "line" if kind == "line" else "echo"
            while not os.path.exists("over"):
                child = os.fork()
                if child == 0:
                    os.dup2(server.fileno(), 3); os.set_inheritable(3, True)
                    os.execve(program, [program], dict(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES=name))
                open("child", "w").write(str(child))
                status = os.waitpid(child, 0)[1]
                if status != 0: sys.exit("the program has ended with status %d" % status)
            '
            case \(kind) in line) PROGRAM=$LINE ;; *) PROGRAM=$DATAGRAM ;; esac
            /usr/bin/python3 -c "$HOLDER" \(kind) "$PROGRAM" 2>>log & PID=$!
            said 'ready: accepting'
            load \(kind) "$(port)"
            for GENERATION in 2 3 4 5 6; do
                more 200; kill -TERM $(cat child); said 'ready: accepting' $GENERATION
            done
            more 200; loaded
            touch over; kill -TERM $(cat child); wait $PID || die "the holder"; PID=
            settled
            """
        )
        #expect(shell.output.contains("of 6 processes"), "\(shell)")
    }

    @Test(.needsLibsystemd) func theProgramOfTheReadMeIsReplaced() async throws {
        try await ExampleShell.run(
            """
            hello() { curl -sS "http://127.0.0.1:$(port)/"; }
            "$BATON" run --port 0 --pid-file pid --notify -- "$HELLO" 2>>log & PID=$!
            said 'ready: accepting'; [ "$(hello)" = hello ] || die "the first"
            kill -HUP $PID; said 'ready: accepting' 2; said 'drained:'; [ "$(hello)" = hello ] || die "the second"
            kill -TERM $PID; wait $PID || die "baton run"; PID=
            """
        )
    }

    #if GRPC
    @Test(.needsLibsystemd) func noCallIsLostWhereGenerationsOverlap() async throws {
        let shell = try await ExampleShell.run(
            """
            "$BATON" run --port 0 --pid-file pid --notify -- "$GRPC" 2>>log & PID=$!
            said 'ready: accepting'
            "$GRPC_CLIENT" "$(port)" 2 3 5 100 "$BATON restart --pid-file pid --until-drained >>log 2>&1" || die "the client"
            kill -TERM $PID; wait $PID || die "baton run"; PID=
            """
        )
        #expect(shell.output.contains("lost 0 commands 5 failed 0"), "\(shell)")
        #expect(shell.output.contains("processes 6"), "\(shell)")
    }
    #endif

    @Test func aDatagramServerNeedsASocket() async throws {
        let shell = try await ExampleShell.run(
            #""$DATAGRAM" 2>>log && die "it has started"; grep -q 'nothing to listen on' log"#
        )
        #expect(shell.status == 0)
    }
}
