import Foundation
import Testing

/// What the image runs as PID 1, in a PID namespace, as in a container.
@Suite(
    .serialized,
    .timeLimit(.minutes(2)),
    .enabled("needs root") { getuid() == 0 },
    .needsLibsystemd
)
struct PidOneTests {
    /// `boot OPTION…` starts the image's ENTRYPOINT on a free port of loopback, with options of `app`; its PID 1 is `$ONE`, seen from here.
    /// `inside COMMAND…` runs a command beside it.
    private static let start = """
        DIR=$(mktemp -d); cd $DIR; BIN=$(dirname "$APP")
        end() { cat "$LOG" >&2; [ -z "$PID" ] || kill -KILL $PID; cd /; rm -rf $DIR "$LOG"; }
        trap end EXIT
        boot() {
            set -- $(sed -n 's/^ENTRYPOINT //p' '\(UnitsFile.path("Containerfile"))' | tr -d '[],"' |
                sed "s#/usr/local/bin#$BIN#g; s/--port 8080/--port 127.0.0.1:0/") "$@"
            unshare --pid --fork --kill-child --mount-proc "$@" 2>>"$LOG" & PID=$!
            said 'ready:'; PORT=$(sed -n 's/^holding .* 127.0.0.1:\\([0-9]*\\)$/\\1/p' "$LOG")
            read ONE </proc/$PID/task/$PID/children
        }
        inside() { nsenter --target $ONE --pid --mount "$@"; }
        ask() { TARGET=$1; shift; curl -sS "$@" "http://127.0.0.1:$PORT$TARGET"; }

        """

    @Test func orphansAreReaped() async throws {
        let shell = try await Shell.run(
            Self.start + """
                boot
                cat >orphan <<'END'
                until grep -q '^PPid:.1$' /proc/$$/status; do sleep 0.01; done
                echo $$ >number.new; mv number.new number
                END
                inside sh -c "cd $DIR; sh ./orphan & exit 0"
                until [ -e number ]; do sleep 0.01; done
                # A process that has ended and was not waited for would still be there.
                while inside test -e /proc/$(cat number); do sleep 0.01; done
                kill -TERM $ONE; wait $PID; END=$?; PID=; exit $END
                """
        )
        #expect(shell.status == 0, "\(shell.errors)")
    }

    @Test func itIsReplacedAtHUPAndDrainsAtTERM() async throws {
        let shell = try await Shell.run(
            Self.start + """
                boot --lame-duck 6s
                FIRST=$(ask /)
                kill -HUP $ONE; said 'drained:'
                SECOND=$(ask /); [ "$SECOND" != "$FIRST" ] || exit 91
                ask '/sleep/?duration=7s' --trace-ascii trace >answer & CLIENT=$!
                until grep -qs '=> Send header' trace; do sleep 0.01; done
                kill -TERM $ONE; said 'still served'
                # The handlers are told a moment later.
                until [ "$(ask /health)" = draining ]; do kill -0 $PID || exit 92; done
                [ "$(ask /)" = "$SECOND" ] || exit 93
                wait $CLIENT || exit 94
                grep -q 'slept for' answer || exit 95
                wait $PID; END=$?; PID=; exit $END
                """
        )
        #expect(shell.status == 0, "\(shell.errors)")
        #expect(shell.errors.matches(of: /drained: every request was answered/).count == 2, "\(shell.errors)")
    }
}
