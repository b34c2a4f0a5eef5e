import Foundation
import SystemdTestKit
import Testing

/// A generation as a process of its own, whose shell looks at what it got.
struct ServiceProcessTests {
    private func start(_ script: String, _ manager: FakeServiceManager) throws -> ServiceProcess {
        try manager.start("/bin/sh", ["-c", script])
    }

    @Test(.timeLimit(.minutes(1)))
    func itGetsWhatSystemdPasses() async throws {
        let manager = try FakeServiceManager(watchdog: .milliseconds(1500), storeCapacity: 7)
        try manager.listen(named: "http")
        try manager.listen(named: "control")
        let process = try start(
            """
            test "$LISTEN_PID $WATCHDOG_PID" = "$$ $$" || exit 1
            test "$LISTEN_FDS $LISTEN_FDNAMES" = "2 http:control" || exit 2
            test "$WATCHDOG_USEC $FDSTORE" = "1500000 7" || exit 3
            test -S "$NOTIFY_SOCKET" || exit 4
            test -S /dev/fd/3 && test -S /dev/fd/4 || exit 5
            test -e /dev/fd/5 && exit 6
            exit 42
            """,
            manager
        )
        #expect(try await process.end() == .exited(42))
    }

    @Test(.timeLimit(.minutes(1)))
    func withoutAnythingToPassNothingIsSaid() async throws {
        let manager = try FakeServiceManager()
        let process = try manager.start(
            "/bin/sh",
            ["-c", "test \"$MINE ${LISTEN_PID-}${LISTEN_FDS-}${WATCHDOG_USEC-}${WATCHDOG_PID-}${FDSTORE-}\" = 'yes '"],
            environment: ["MINE": "yes", "LISTEN_FDS": "1", "WATCHDOG_PID": "1"]
        )
        #expect(try await process.end() == .exited(0))
    }

    @Test(.timeLimit(.minutes(1)), .enabled(if: access("/usr/bin/systemd-notify", X_OK) == 0))
    func itIsHeard() async throws {
        let manager = try FakeServiceManager()
        let process = try start("systemd-notify --ready --status='from a child'; exec sleep 1000", manager)
        let ready = try await manager.next { $0.isReady }
        #expect(ready.status == "from a child")
        process.signal(SIGTERM)
        #expect(try await process.end() == .signaled(SIGTERM))
    }

    @Test(.timeLimit(.minutes(1)))
    func whatDoesNotEndIsKilled() async throws {
        let manager = try FakeServiceManager()
        let process = try start("trap '' TERM; while :; do sleep 0.05; done", manager)
        await #expect(throws: FakeServiceManagerError.self) { try await process.end(within: .milliseconds(200)) }
        #expect(try await process.end() == .signaled(SIGKILL))
    }

    @Test(.timeLimit(.minutes(1)))
    func itEndsWithItsLastReference() async throws {
        let manager = try FakeServiceManager()
        func pidOfForgottenProcess() throws -> CInt {
            let process = try start("exec sleep 1000", manager)
            #expect(kill(process.pid, 0) == 0)
            return process.pid
        }
        let pid = try pidOfForgottenProcess()
        while kill(pid, 0) == 0 { try await Task.sleep(for: .milliseconds(1)) }
    }

    @Test func aProgramThatIsNotThereIsNamed() throws {
        let manager = try FakeServiceManager()
        let error = #expect(throws: FakeServiceManagerError.self) { try manager.start("/nowhere/app") }
        #expect(error?.description.contains("/nowhere/app") == true)
    }
}
