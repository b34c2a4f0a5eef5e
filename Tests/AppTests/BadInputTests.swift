import Foundation
import Testing

/// What cannot work ends with status 78 (EX_CONFIG) and a message that names the variable or address and its value.
@Suite struct BadInputTests {
    private func expectRefusal(_ script: String, _ parts: String...) async throws {
        let end = try await Shell.run(script)
        #expect(end.status == 78, "\(end.errors)")
        for part in parts { #expect(end.errors.contains(part), "\(part) is not in: \(end.errors)") }
    }

    @Test(.needsLibsystemd, arguments: ["abc", "-1", "99999", "1x", "99999999999999999999"])
    func malformedListenFDs(value: String) async throws {
        try await expectRefusal("LISTEN_PID=$$ LISTEN_FDS=\(value) exec \"$APP\"", "LISTEN_FDS=\(value):")
    }

    @Test(.needsLibsystemd) func malformedListenPID() async throws {
        try await expectRefusal("LISTEN_PID=me LISTEN_FDS=1 exec \"$APP\" 3</dev/null", "LISTEN_PID=me LISTEN_FDS=1")
    }

    @Test(.needsLibsystemd) func asManyNamesAsSockets() async throws {
        try await expectRefusal(
            "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=http:admin exec \"$APP\" 3</dev/null",
            "LISTEN_FDNAMES=http:admin",
            "has not as many names"
        )
    }

    @Test(.needsLibsystemd) func aDescriptorThatIsNoSocket() async throws {
        try await expectRefusal(
            "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=http exec \"$APP\" 3</dev/null",
            "socket http[0] is a special file",
            "ListenStream="
        )
    }

    @Test(.needsLibsystemd) func aDatagramSocketWhereAStreamIsNeeded() async throws {
        try await expectRefusal(
            """
            NAME=/tmp/baton-$$.sock
            systemd-socket-activate --datagram --listen=$NAME --fdname=http -E APP -- "$APP" & PID=$!
            until [ -S $NAME ]; do sleep 0.01; done
            python3 -c "import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', '$NAME')"
            rm $NAME; wait $PID
            """,
            "socket http[0] is a datagram",
            "ListenStream="
        )
    }

    @Test(.needsLibsystemd) func aNameThatNobodyPassed() async throws {
        try await expectRefusal(
            "LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=web:admin exec \"$APP\" 3</dev/null 4</dev/null",
            "no listen socket named 'http' was passed",
            "web[0] special file, admin[0] special file"
        )
    }

    @Test(arguments: [
        ("8080", "'8080' has no '='"), ("8080=x", "'x' of '8080'"), ("8080=99", "descriptor 99 of '8080' is not open"),
        ("=3", "'=3' has no port or path"), ("8080=3;", "an entry is empty"),
        ("8080=3;8081=3", "descriptor 3 is given to both"), ("8080=3", "socket 8080[0] is a special file"),
    ])
    func malformedServerStarterPort(value: String, reason: String) async throws {
        try await expectRefusal("SERVER_STARTER_PORT='\(value)' exec \"$APP\" 3</dev/null", reason)
    }

    @Test func aPortInUse() async throws {
        try await expectRefusal(
            """
            start --port 0; said 'ready'
            PORT=$(port)
            "$APP" --port $PORT; STATUS=$?
            kill $PID; wait $PID && exit $STATUS
            """,
            "cannot listen on 127.0.0.1:",
            "bind: Address already in use",
            "ss -ltnp 'sport = :"
        )
    }

    @Test func aPrivilegedPortWithoutThePrivilege() async throws {
        try await expectRefusal(
            "exec setpriv --reuid=65534 --clear-groups --inh-caps=-all --bounding-set=-all unshare --user --net \"$APP\" --port 80",
            "127.0.0.1:80: bind: Permission denied",
            "CAP_NET_BIND_SERVICE"
        )
    }

    @Test(arguments: [
        ("--hostname no.such.host.invalid", "host 'no.such.host.invalid' does not resolve"),
        ("--hostname ''", "the host is empty"),
        ("--unix /tmp/\(String(repeating: "x", count: 120))", "a UNIX socket's may have 107"),
        ("--unix /etc/passwd", "something that is not a socket is already there"),
    ])
    func anAddressThatCannotBe(options: String, reason: String) async throws {
        try await expectRefusal(
            "exec \"$APP\" \(options)",
            "cannot listen on",
            reason,
            "(set by --hostname, --port, --tls-port and --unix)"
        )
        #expect(FileManager.default.fileExists(atPath: "/etc/passwd"))
    }

    @Test(arguments: [
        ("--port 70000", "--port 70000"), ("--port x", "'x' is invalid"), ("--drain-timeout -1", "--drain-timeout"),
        ("--linger 1e9", "'1e9' is invalid for '--linger <time>'"), ("--idle-exit 0", "--idle-exit 0"),
        ("--nonsense", "--nonsense"),
    ])
    func anOptionThatIsWrong(options: String, part: String) async throws {
        let end = try await Shell.run("exec \"$APP\" \(options)")
        #expect(end.status == 64)
        #expect(end.errors.contains(part), "\(end.errors)")
    }
}
