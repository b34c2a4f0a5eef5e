import Testing

/// Programs for tests of how connections come from one generation to the next, written to the folder of a ``RunShell``.
///
/// `worker.py WORD…` answers each line of a client with its generation. It tells when it is READY, and as the words say:
/// - `inbox`: it takes connections over; on TERM it gives away what it has. With `deaf`, it takes none out of its inbox.
/// - `pipe`: what it calls its inbox is a pipe.
/// - `flood`: on TERM it gives away carriers until one is refused.
/// - `linger`: it ends when nobody holds the carrier any more.
/// - `wait`: it is READY when the file `go` is there; `address` says where it would tell so.
/// - `pretend`: on USR1 it opens an inbox for the generation whose `address` it is.
///
/// `client.py PORT` asks who is there over and over on one connection, and writes each new answer to the file `answers`; last, `closed`.
enum ConnectionShell {
    /// Runs a script as ``RunShell`` does, in which these functions are there, too: `answered N` waits until the client has that answer;
    /// `client` starts it.
    @discardableResult
    static func run(_ script: String) async throws -> RunShell {
        try await RunShell.run(programs + script)
    }

    private static let programs = """
        cat >worker.py <<'END'
        \(worker)
        END
        cat >client.py <<'END'
        \(client)
        END
        worker() { begin --port 0 --notify "$@"; serving 1; }
        client() { python3 client.py $(port) >>answers & CLIENT=$!; }
        answered() { until grep -qx "$1" answers; do lives $CLIENT || grep -qx "$1" answers || die "no answer $1"; sleep 0.02; done; }

        """

    private static let client = """
        import socket, sys, time
        connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        last = ""
        while last != "closed":
            try:
                connection.sendall(b"who\\n")
                answer = connection.makefile().readline().strip() or "closed"
            except OSError:
                answer = "closed"
            if answer != last: print(answer, flush=True)
            last = answer
            time.sleep(0.01)
        """

    private static let worker = """
        import os, select, signal, socket, sys, time
        words, number = set(sys.argv[1:]), os.environ["SERVER_STARTER_GENERATION"]
        def say(text): os.write(2, f"generation {number} {text}\\n".encode())
        def packets(): return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        def tell(text, *descriptors, to=os.environ["NOTIFY_SOCKET"]):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
                notify.connect("\\0" + to[1:])
                socket.send_fds(notify, [text.encode()], descriptors)
        def store(name, descriptor, **more): tell(f"FDSTORE=1\\nFDNAME={name}\\nFDPOLL=0", descriptor, **more)
        def barrier():
            reader, writer = os.pipe()
            tell("BARRIER=1", writer)
            os.close(writer)
            os.read(reader, 1)
        def give(index):
            reader, writer = packets()
            store(f"baton-carrier.x.{index}", reader.fileno())
            reader.close()
            barrier()
            poll = select.poll()
            poll.register(writer, 0)
            return None if poll.poll(0) else writer
        def receive(source):
            try: data, descriptors, _, _ = socket.recv_fds(source, 256, 4)
            except BlockingIOError: return None
            return data.decode(), [socket.socket(fileno=descriptor) for descriptor in descriptors]

        say(f"names {os.environ['LISTEN_FDNAMES']}")
        say(f"manager {os.environ.get('BATON_MANAGER')}")
        events, woken = socket.socketpair()
        woken.setblocking(False)
        signal.set_wakeup_fd(woken.fileno())
        for name in ("SIGTERM", "SIGUSR1"): signal.signal(getattr(signal, name), lambda *_: None)
        listener, inbox, carriers, connections = socket.socket(fileno=3), None, [], []
        if "wait" in words:
            with open("address.new", "w") as file: file.write(os.environ["NOTIFY_SOCKET"])
            os.rename("address.new", "address")
            while not os.path.exists("go"): time.sleep(0.02)
        if "inbox" in words:
            inbox, other = packets()
            inbox.setblocking(False)
            store("baton-inbox", other.fileno())
            other.close()
        if "pipe" in words: store("baton-inbox", os.pipe()[0])
        tell("READY=1")

        def empty(inbox):
            while message := receive(inbox):
                if not message[0]: return say("has no inbox any more")
                say(f"is brought {message[0]}")
                carriers.extend(message[1])
        def unload(carrier):
            carrier.setblocking(False)
            while message := receive(carrier):
                if not message[0]: return True
                connections.extend(message[1])
        is_told = False
        while not is_told:
            sources = [listener, events] + carriers + connections + ([inbox] if inbox and "deaf" not in words else [])
            for source in select.select(sources, [], [])[0]:
                if source is events:
                    for byte in events.recv(64):
                        if byte == signal.SIGUSR1:
                            store("baton-inbox", packets()[0].fileno(), to=open("address").read())
                            say("has pretended")
                        else: is_told = True
                elif source is listener: connections.append(listener.accept()[0])
                elif source is inbox: empty(inbox)
                elif source in carriers:
                    if unload(source): carriers.remove(source)
                elif line := source.recv(64): source.sendall(f"{number}\\n".encode())
                else: connections.remove(source)

        if inbox and "deaf" not in words:
            inbox.shutdown(socket.SHUT_RD)
            empty(inbox)
            for carrier in carriers:
                carrier.shutdown(socket.SHUT_RD)
                unload(carrier)
        index, carrier = 1, give(1)
        given = [carrier]
        while "flood" in words and given[-1] and index < 5000:
            index += 1
            given.append(give(index))
        say(f"was refused carrier {index}" if not given[-1] else "was refused none")
        if carrier:
            for connection in connections:
                try: socket.send_fds(carrier, [b"connection"], [connection.fileno()])
                except BrokenPipeError: say("could give nothing")
            connections = []
            if "linger" in words:
                poll = select.poll()
                poll.register(carrier, 0)
                poll.poll()
                say("sees the end of its carrier")
        """
}
