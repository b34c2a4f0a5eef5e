import Testing

@testable import Baton

@Suite struct StartRecordTests {
    private func record(_ environment: [String: String]) -> StartRecord {
        StartRecord(command: ["app"], environment: environment, pid: 7, directory: "/")
    }

    @Test func whatIsMeantForOneProcessIsMeantForTheNext() {
        let record = record([
            "A": "b=c", "NOTIFY_SOCKET": "/run/notify", "RUNTIME_DIRECTORY": "/run/app", "WATCHDOG_USEC": "1000000",
            "WATCHDOG_PID": "7", "SYSTEMD_EXEC_PID": "7", "LISTEN_FDS": "1", "LISTEN_PID": "7",
            "LISTEN_FDNAMES": "http",
            "LISTEN_PIDFDID": "99", "SERVER_STARTER_PORT": "8080=4", "SERVER_STARTER_GENERATION": "2",
            "BATON_PREDECESSOR": "4 own", "BATON_MANAGER": "6",
        ])
        #expect(
            record.environment == [
                "A": "b=c", "NOTIFY_SOCKET": "/run/notify", "RUNTIME_DIRECTORY": "/run/app", "WATCHDOG_USEC": "1000000",
            ]
        )
        #expect(record.pidVariables == ["LISTEN_PID", "WATCHDOG_PID", "SYSTEMD_EXEC_PID"])
    }

    @Test func aWatchdogOfAnotherProcessIsNotInherited() {
        let record = record(["WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "8", "SYSTEMD_EXEC_PID": "8"])
        #expect(record.environment.isEmpty)
        #expect(record.pidVariables == ["LISTEN_PID"])
    }

    @Test func whoEndsWithItCannotBeItsSuccessor() {
        let main = record(["SYSTEMD_EXEC_PID": "7"])
        #expect(main.refusalToEnd(isManagerTold: true, pid: 7) == nil)
        #expect(main.refusalToEnd(isManagerTold: false, pid: 7)?.contains("Type=notify") == true)
        #expect(
            record(["SYSTEMD_EXEC_PID": "8"]).refusalToEnd(isManagerTold: false, pid: 7) == nil,
            "of the shell that started it"
        )
        #expect(record([:]).refusalToEnd(isManagerTold: false, pid: 7) == nil)
        #expect(record([:]).refusalToEnd(isManagerTold: true, pid: 1)?.contains("PID 1") == true)
    }

    @Test func itIsThatOfThisProcess() throws {
        let record = StartRecord.read()
        #expect(record.command == CommandLine.arguments)
        #expect(record.environment["PATH"]?.isEmpty == false)
        #expect(record.directory?.hasPrefix("/") == true)
    }
}
