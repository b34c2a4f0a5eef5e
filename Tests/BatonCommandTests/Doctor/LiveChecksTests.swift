import Testing

@testable import BatonCommand

/// What is found in the running system alone; the units are those that users install.
@Suite struct LiveChecksTests {
    private static let service = UnitName("app.service")
    private static let socket = UnitName("app.socket")

    private func findings(
        _ change: (inout LiveState, (service: UnitName, socket: UnitName)) -> Void
    ) throws -> [Finding] {
        var examination = try UnitFilesOnDisk(InstalledUnits.app()).examination()
        let names = (service: try #require(Self.service), socket: try #require(Self.socket))
        var live = LiveState()
        live.properties[names.service] = [
            "ActiveState": ["active"], "NeedDaemonReload": ["no"], "UnitFileState": ["enabled"],
            "NFileDescriptorStore": ["0"], "FileDescriptorStoreMax": ["8"],
        ]
        live.properties[names.socket] = [
            "ActiveState": ["active"], "NeedDaemonReload": ["no"], "UnitFileState": ["enabled"],
            "Listen": ["[::]:8080 (Stream)", "/run/x.sock (Stream)", "[::]:8080 (Datagram)"],
        ]
        live.listeners = [
            Listener(address: "[::]:8080", limit: 4096), Listener(address: "/run/x.sock", limit: 4096),
            Listener(address: "0.0.0.0:8080", limit: 5),
        ]
        live.mostWaiting = 4096
        change(&live, names)
        examination.live = live
        return examination.findings()
    }

    @Test func nothingWrong() throws {
        #expect(try findings { _, _ in } == [])
        #expect(
            try findings { live, _ in
                live.listeners = nil
                live.mostWaiting = nil
            } == [],
            "what is not known is no finding"
        )
    }

    /// Without a line, it is the manager's (DefaultTimeoutStopSec=).
    @Test(arguments: [("1min 30s", true), ("20s", false), ("infinity", true), ("30s", false)])
    func theLimitOfAStopInForce(value: String, isEnough: Bool) throws {
        var examination = try UnitFilesOnDisk(InstalledUnits.app(["TimeoutStopSec=40": ""])).examination()
        var live = LiveState()
        live.properties[try #require(Self.service)] = ["TimeoutStopUSec": [value]]
        examination.live = live
        #expect(examination.findings().contains { $0.id == .stopTimeout } == !isEnough)
    }

    @Test func socketsThatDoNotListen() throws {
        let stopped = try findings { live, names in live.properties[names.socket]?["ActiveState"] = ["inactive"] }
        #expect(stopped.map(\.id) == [.socketInactive])
        #expect(stopped.first?.command == "systemctl start app.socket")
        let failed = try findings { live, names in
            live.properties[names.socket]?["ActiveState"] = ["failed"]
            live.properties[names.socket]?["Result"] = ["trigger-limit-hit"]
        }
        #expect(failed.map(\.id) == [.socketInactive])
        #expect(failed.first?.message.contains("trigger-limit-hit") == true)
        #expect(failed.first?.command?.contains("reset-failed") == true)
    }

    @Test(arguments: [("[::]:8080", 128), ("/run/x.sock", 0)] as [(String, UInt32)])
    func backlogsThatAreNotInForce(address: String, limit: UInt32) throws {
        let found = try findings { live, _ in live.listeners = [Listener(address: address, limit: limit)] }
        #expect(found.map(\.id) == [.backlogInForce])
        #expect(found.first?.message.contains("\(address), the kernel lets \(limit) connections") == true)
    }

    @Test func backlogsThatTheKernelCuts() throws {
        let found = try findings { live, _ in
            live.mostWaiting = 1024
            live.listeners = [Listener(address: "[::]:8080", limit: 1024)]
        }
        #expect(found.map(\.id) == [.backlogCut])
    }

    @Test func changedFiles() throws {
        let found = try findings { live, names in live.properties[names.service]?["NeedDaemonReload"] = ["yes"] }
        #expect(found.map(\.id) == [.daemonReload])
    }

    @Test func enabledIsEither() throws {
        func states(_ service: String, _ socket: String) throws -> [FindingID] {
            try findings { live, names in
                live.properties[names.service]?["UnitFileState"] = [service]
                live.properties[names.socket]?["UnitFileState"] = [socket]
            }.map(\.id)
        }
        #expect(try states("disabled", "disabled") == [.notEnabled])
        #expect(try states("disabled", "enabled") == [])
        #expect(try states("enabled-runtime", "disabled") == [])
    }

    @Test func whatIsLeftOfEarlierGenerations() throws {
        let young = LiveState.Leftover(name: "app-drain-7.scope", age: .seconds(3), command: "a")
        let old = LiveState.Leftover(name: "app-drain-8.scope", age: .seconds(50), command: "b")
        let found = try findings { live, _ in live.leftovers = [young, old] }
        #expect(found.map(\.id) == [.oldGeneration, .draining], "the worse one first")
        #expect(found.map(\.command) == ["b", nil])
    }

    @Test func aFullStore() throws {
        let found = try findings { live, names in live.properties[names.service]?["NFileDescriptorStore"] = ["8"] }
        #expect(found.map(\.id) == [.storeFull])
        #expect(found.first?.change?.line == "FileDescriptorStoreMax=16")
    }

    @Test func oldProcesses() {
        func entry(_ pid: CInt, _ parent: CInt, _ name: String, _ start: UInt64) -> ProcessEntry {
            ProcessEntry(pid: pid, parent: parent, name: name, start: start)
        }
        let main = entry(50, 1, "app", 500)
        let own = OldProcesses(
            [entry(40, 1, "app", 400), main, entry(51, 50, "cat", 510)],
            main: main,
            isSupervised: false
        )
        #expect(own.entries.map(\.pid) == [40])
        #expect(own.since == 500)
        let supervisor = entry(10, 1, "baton", 100)
        let supervised = OldProcesses(
            [
                supervisor, entry(11, 10, "baton", 101), entry(30, 10, "app", 300), entry(20, 10, "app", 200),
                entry(31, 30, "cat", 310),
            ],
            main: supervisor,
            isSupervised: true
        )
        #expect(supervised.entries.map(\.pid) == [20])
        #expect(supervised.since == 300)
    }

    @Test func theProgramsCommandLine() {
        let supervised = ServiceProgram(
            commandLine: "-/usr/local/bin/baton run --notify -- /bin/app --drain-timeout 1m"
        )
        #expect(supervised.isSupervised)
        #expect(supervised.drain?.limit == .finite(.seconds(60)))
        #expect(ServiceProgram(commandLine: "/usr/bin/start_server --port 1 -- x").isSupervised)
        let own = ServiceProgram(commandLine: "/bin/app --restart-signal=USR2 --drain-timeout=$TIME")
        #expect(!own.isSupervised)
        #expect(own.restartsItself)
        #expect(own.drain == nil)
        #expect(own.unknownTimes == ["--drain-timeout $TIME"])
        let duck = ServiceProgram(commandLine: "/bin/app --lame-duck 20s")
        #expect(duck.lameDuck == .finite(.seconds(20)))
        #expect(ServiceProgram.Drain.normal.after(duck.lameDuck).limit == .finite(.seconds(50)))
        #expect(ServiceProgram.Drain.normal.after(.finite(.zero)) == .normal)
        #expect(ServiceProgram.Drain.normal.after(.infinity).limit == .infinity)
        #expect(ServiceProgram(commandLine: "") == ServiceProgram(commandLine: "/bin/other"))
    }
}
