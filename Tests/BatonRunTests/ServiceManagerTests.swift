import Testing

/// What the service manager is told.
@Suite(.serialized, .needsLibsystemd) struct ServiceManagerTests {
    /// `told TEXT` waits until the file `told` has that: what the service manager has been told, a line each.
    private static let manager = #"""
        cat >manager.py <<'END'
        import os, socket
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        manager.settimeout(60)
        manager.bind("notify.new")
        os.rename("notify.new", "notify")
        while message := manager.recv(4096).decode(): print(message.replace("\n", " "), flush=True)
        END
        python3 manager.py >told 2>/dev/null & MANAGER=$!
        until [ -S notify ]; do lives $MANAGER || die "no manager"; sleep 0.03; done
        export NOTIFY_SOCKET="$DIR/notify"
        told() { until grep -qF -- "$1" told; do lives $PID || die "ended without telling: $1"; sleep 0.03; done; }

        """#

    private func run(_ script: String) async throws {
        try await RunShell.run(Self.manager + script + "\nend; kill $MANAGER")
    }

    /// A service whose unit is supervised from now on may have something in the store by the name that the program gave it.
    @Test func whatIsRemovedIsSoWhoeverHasStoredIt() async throws {
        try await run(
            #"""
            cat >program.py <<'END'
            import os, socket
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
                notify.connect("\0" + os.environ["NOTIFY_SOCKET"][1:])
                for name in ("baton-generation", "m"): notify.send(f"FDSTOREREMOVE=1\nFDNAME={name}".encode())
            os.execv(os.environ["WORKER"], ["worker", "serve", "ready"])
            END
            begin --path s --notify -- python3 program.py
            serving 1; told 'READY=1'
            for NAME in baton-kept.m baton-watched.m m; do
                grep -qx "FDSTOREREMOVE=1 FDNAME=$NAME" told || die "$(cat told)"
            done
            # The number of the last generation is this manager's own.
            ! grep -qx 'FDSTOREREMOVE=1 FDNAME=baton-generation' told || die "$(cat told)"
            """#
        )
    }

    @Test func aReasonWithABackslashIsToldAsItIs() async throws {
        try await run(
            #"""
            cp "$WORKER" 'a\b'
            begin --path s --interval 0.1 -- './a\b' serve
            serving 1; rm 'a\b'; kill -HUP $PID
            told "READY=1 STATUS=generation 1 serves; restart failed: './a\\\\b' cannot be executed"
            """#
        )
    }
}
