import Testing

/// What a successor does, with a predecessor that is made for the purpose, and is the service manager, too.
@Suite(.needsLibsystemd, .timeLimit(.minutes(1))) struct SuccessorTests {
    /// Starts `app` as its successor, says one word to it when it is ready, and prints all that the manager is told.
    private static let predecessor = """
        import fcntl, os, signal, socket, sys, tempfile
        app, word = sys.argv[1], sys.argv[2].encode()
        folder = tempfile.mkdtemp()
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        manager.bind(folder + "/notify")
        server = socket.create_server(("127.0.0.1", 0))
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            passed = [fcntl.fcntl(each.fileno(), fcntl.F_DUPFD, 20) for each in (server, theirs)]
            for place, descriptor in enumerate(passed): os.dup2(descriptor, 3 + place)
            os.closerange(5, 40)
            os.environ.update(
                LISTEN_FDS="1", LISTEN_FDNAMES="http", LISTEN_PID=str(os.getpid()), BATON_PREDECESSOR="4 own",
                NOTIFY_SOCKET=folder + "/notify", WATCHDOG_USEC="4000000", WATCHDOG_PID=str(os.getpid()))
            os.execv(app, [app, "--restart-signal", "USR2"])
        theirs.close()
        assert ours.recv(10) == b"r"
        # It answers, and says nothing to the manager, not even that it is well, as it is not the main process yet.
        client = socket.create_connection(server.getsockname())
        client.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
        assert client.recv(1000).startswith(b"HTTP/1.")
        manager.settimeout(0.5)
        try: print("too early:", manager.recv(4096))
        except socket.timeout: pass
        manager.settimeout(20)
        if word: ours.sendall(word)
        else: ours.close()
        def told():
            text = manager.recv(4096).decode()
            # It finds out, when it likes, whether this manager stores descriptors.
            if not text.startswith(("FDSTORE", "BARRIER")): print(text.split("\\n"), flush=True)
            return text
        if word == b"a":
            while not (text := told()).startswith("READY=1\\nMAINPID="): pass
            next = int(text.split("\\n")[1].split("=")[1])
            assert next != pid
            # Its predecessor waits until the manager has read that.
            while told() != "BARRIER=1": pass
            assert os.waitpid(pid, 0)[1] == 0
            os.kill(next, signal.SIGTERM)
            while not told().startswith("STOPPING=1"): pass
        else:
            while not told() == "WATCHDOG=1": pass
            os.kill(pid, signal.SIGTERM)
            while not told().startswith("STOPPING=1"): pass
            assert os.waitpid(pid, 0)[1] == 0
        os.remove(folder + "/notify"); os.rmdir(folder)
        """

    private func run(saying word: String) async throws -> Shell {
        let end = try await Shell.run("python3 - \"$APP\" '\(word)' <<'END'\n\(Self.predecessor)\nEND\n")
        #expect(end.status == 0, "\(end.output)\(end.errors)")
        #expect(!end.output.contains("too early"), "\(end.output)")
        return end
    }

    @Test func itIsSilentUntilItMayGoOn() async throws {
        let end = try await run(saying: "g")
        #expect(end.output.hasPrefix("['READY=1', 'STATUS=serving']\n['WATCHDOG=1']"), "\(end.output)")
        #expect(!end.errors.contains("warning"), "\(end.errors)")
    }

    @Test func onePredecessorThatDiesLeavesItTheService() async throws {
        let end = try await run(saying: "")
        #expect(end.output.hasPrefix("['READY=1', 'STATUS=serving']\n['WATCHDOG=1']"), "\(end.output)")
        #expect(end.errors.contains("warning app: the predecessor has ended without a word"), "\(end.errors)")
    }

    @Test func itRestartsAtOnceIfThatWasAskedForMeanwhile() async throws {
        let end = try await run(saying: "a")
        #expect(end.output.hasPrefix("['READY=1', 'STATUS=serving']\n"), "\(end.output)")
        #expect(end.output.contains("['RELOADING=1', 'MONOTONIC_USEC="))
        #expect(end.output.matches(of: /'STOPPING=1'/).count == 1, "that of the last one: \(end.output)")
    }
}
