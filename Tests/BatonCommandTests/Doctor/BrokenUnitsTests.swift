import Testing

@testable import BatonCommand

/// Each defect alone gives the one finding that it has to give; units without a defect give none.
@Suite struct BrokenUnitsTests {
    /// A defect in `app.socket` or `app.service`: lines, and what is there in their place.
    struct Defect: CustomTestStringConvertible, Sendable {
        let id: FindingID
        let lines: [String: String]
        var service = "app.service"

        init(_ id: FindingID, _ lines: [String: String], service: String = "app.service") {
            (self.id, self.lines, self.service) = (id, lines, service)
        }

        var testDescription: String { "\(id.rawValue): \(lines)" }
    }

    private static let supervised = "app-supervised.service"

    static let defects = [
        Defect(.socketNotRequired, ["Requires=app.socket": ""]),
        Defect(.socketNotRequired, ["Requires=app.socket": "Wants=app.socket"]),
        Defect(.socketNotRequired, ["Requires=app.socket": "Requires=app.socket\nRequires="]),
        Defect(.socketOrder, ["After=app.socket": ""]),
        Defect(.startLimit, ["StartLimitIntervalSec=0": ""]),
        Defect(.startLimit, ["StartLimitIntervalSec=0": "StartLimitIntervalSec=1min"]),
        Defect(.triggerLimit, ["TriggerLimitIntervalSec=0": ""]),
        Defect(.triggerLimit, ["TriggerLimitIntervalSec=0": "TriggerLimitIntervalSec=10\nTriggerLimitBurst=1000"]),
        Defect(.flushPending, ["Backlog=4096": "Backlog=4096\nFlushPending=yes"]),
        Defect(.removeOnStop, ["ListenStream=8080": "ListenStream=/run/app-extra.sock\nRemoveOnStop=true"]),
        Defect(.socketInRuntimeDirectory, ["ListenStream=8080": "ListenStream=/run/app/http.sock"]),
        Defect(.socketInRuntimeDirectory, ["ListenStream=8080": "ListenSequentialPacket=/var/run/app/http.sock"]),
        Defect(.socketInRuntimeDirectory, ["ListenStream=8080": "ListenStream=%t/app/http.sock"]),
        Defect(.backlogSmall, ["Backlog=4096": "Backlog=5"]),
        Defect(.typeUnknown, ["Type=notify": "Type=notify-reload"]),
        Defect(.typeUnknown, ["Type=notify": "Type=Notify"]),
        Defect(.typeNotNotify, ["Type=notify": "Type=exec"]),
        Defect(.typeNotNotify, ["Type=notify": ""]),
        Defect(.stopTimeout, ["TimeoutStopSec=40": "TimeoutStopSec=30"]),
        Defect(.stopTimeout, ["TimeoutStopSec=40": "TimeoutSec=500ms"]),
        Defect(.stopTimeout, ["ExecStart=/usr/local/bin/app": "ExecStart=/usr/local/bin/app --drain-timeout 1m30s"]),
        Defect(
            .stopTimeout,
            ["TimeoutStopSec=40": "", "ExecStart=/usr/local/bin/app": "ExecStart=app --drain-timeout=95"]
        ),
        Defect(.stopTimeout, ["ExecStart=/usr/local/bin/app": "ExecStart=/usr/local/bin/app --lame-duck 20s"]),
        Defect(.restartSignalMissing, ["RestartKillSignal=SIGINT": "RestartKillSignal=SIGTERM"]),
        Defect(
            .restartSignalMissing,
            ["RestartKillSignal=SIGINT": "RestartKillSignal=SIGTERM\nKillSignal=SIGTERM"]
        ),
        Defect(
            .scopeLimit,
            ["ExecStop=+/usr/local/bin/baton drain-scope": "ExecStop=+/usr/local/bin/baton drain-scope --limit 20s"],
            service: supervised
        ),
        Defect(.killMode, ["TimeoutStopSec=40": "TimeoutStopSec=40\nKillMode=none"]),
        Defect(.killMode, ["TimeoutStopSec=40": "TimeoutStopSec=40\nKillMode=mixed"], service: supervised),
        Defect(
            .killMode,
            [
                "TimeoutStopSec=40": "TimeoutStopSec=40\nKillMode=mixed",
                "ExecStart=/usr/local/bin/app": "ExecStart=/usr/local/bin/app --restart-signal USR2",
            ]
        ),
        Defect(.killModeLeaves, ["TimeoutStopSec=40": "TimeoutStopSec=40\nKillMode=process"]),
        Defect(.killSignal, ["TimeoutStopSec=40": "TimeoutStopSec=40\nKillSignal=SIGKILL"]),
        Defect(.killSignal, ["TimeoutStopSec=40": "TimeoutStopSec=40\nKillSignal=2"]),
        Defect(.storeMissing, ["FileDescriptorStoreMax=64": ""]),
        Defect(.storeMissing, ["FileDescriptorStoreMax=64": "FileDescriptorStoreMax=0"], service: supervised),
        Defect(.storeSmall, ["FileDescriptorStoreMax=64": "FileDescriptorStoreMax=1"]),
        Defect(.restartSignalMissing, ["RestartKillSignal=SIGINT": ""]),
        Defect(.handOverMissing, ["RestartKillSignal=SIGINT": "", "FileDescriptorStoreMax=64": ""]),
        Defect(.restartMissing, ["Restart=always": "Restart=no"]),
        Defect(.restartMissing, ["Restart=always": ""]),
        Defect(.watchdogMissing, ["WatchdogSec=10": ""]),
        Defect(.nonBlockingMissing, ["NonBlocking=yes": ""]),
        Defect(
            .reloadReturnsAtOnce,
            ["ExecReload=/usr/local/bin/baton reload": "ExecReload=-/bin/kill -HUP $MAINPID"]
        ),
        Defect(.lineIgnored, ["UMask=0077": "UMask 0077"]),
        Defect(.lineIgnored, ["TimeoutStopSec=40": "TimeoutStopSec=soon"]),
        Defect(.lineIgnored, ["NonBlocking=yes": "NonBlocking=yes\nNonBlocking=perhaps"]),
    ]

    @Test(arguments: defects) func givesItsFindingAndNoOther(defect: Defect) throws {
        let findings = try UnitFilesOnDisk(InstalledUnits.app(defect.lines, service: defect.service)).findings()
        #expect(findings.map(\.id) == [defect.id], "\(findings)")
        let finding = try #require(findings.first)
        #expect(finding.change != nil || finding.id == .lineIgnored, "what to write")
        #expect(finding.source.contains(/\(\d\)|--help/), "\(finding.source)")
    }

    /// What a finding says is to be written cures it.
    @Test(arguments: defects.filter { $0.id != .lineIgnored && $0.id != .handOverMissing && $0.id != .scopeLimit })
    func whatItSaysIsTheCure(defect: Defect) throws {
        let units = try UnitFilesOnDisk(InstalledUnits.app(defect.lines, service: defect.service))
        let finding = try #require(try units.findings().first)
        let change = try #require(finding.change)
        // Lists add up: what was there goes.
        let reset = change.line.hasPrefix("Listen") ? "ListenStream=\nListenSequentialPacket=\n" : ""
        let file = "\(finding.unit).d/cure.conf"
        let isList = ["Requires", "After"].contains { change.line.hasPrefix($0) }
        let empty = isList || !reset.isEmpty ? "" : "\(change.line.prefix { $0 != "=" })=\n"
        try units.write("[\(change.section)]\n\(reset)\(empty)\(change.line)\n", to: file)
        #expect(try units.findings() == [])
    }

    @Test func everyFindingOfFilesHasADefect() {
        let tested = Set(Self.defects.map(\.id)).union([
            .noSocket, .serviceMissing, .maxConnections, .nonBlockingConnection,
        ])
        let live: Set<FindingID> = [
            .socketInactive, .daemonReload, .oldGeneration, .draining, .backlogCut, .backlogInForce, .storeFull,
            .notEnabled, .exposure,
        ]
        #expect(tested.isDisjoint(with: live))
        #expect(tested.union(live) == Set(FindingID.allCases))
    }

    @Test(arguments: ["app.service", supervised]) func ourUnitsGiveNone(service: String) throws {
        #expect(try UnitFilesOnDisk(InstalledUnits.app(service: service)).findings() == [])
    }

    @Test(arguments: [("idle-exit.conf", 252), ("systemd-254.conf", 254), ("tls.conf", 252)])
    func ourDropInsGiveNone(dropIn: String, systemd: Int) throws {
        var files = try InstalledUnits.app()
        files["app.service.d/\(dropIn)"] = try InstalledUnits.text("drop-ins/\(dropIn)")
        if dropIn == "tls.conf" { files["app-tls.socket"] = try InstalledUnits.text("app-tls.socket") }
        let units = try UnitFilesOnDisk(files)
        #expect(try units.findings(systemd: systemd) == [])
        #expect(try units.examination().sockets.count == (dropIn == "tls.conf" ? 2 : 1))
    }

    @Test func theDropInFor254BreaksOn252() throws {
        var files = try InstalledUnits.app()
        files["app.service.d/a.conf"] = try InstalledUnits.text("drop-ins/systemd-254.conf")
        let findings = try UnitFilesOnDisk(files).findings(systemd: 252)
        #expect(findings.map(\.id) == [.typeUnknown])
        #expect(findings.first?.place?.file.hasSuffix("app.service.d/a.conf") == true)
    }

    @Test func processesForConnections() throws {
        let socket = try InstalledUnits.text("per-connection/app.socket")
        let service = try InstalledUnits.text("per-connection/app@.service")
        func findings(_ socket: String, _ service: String) throws -> [FindingID] {
            try UnitFilesOnDisk(["app.socket": socket, "app@.service": service]).findings(of: "app.socket").map(\.id)
        }
        #expect(try findings(socket, service) == [])
        #expect(try findings(socket.replacing("\nMaxConnections=256\n", with: "\n"), service) == [.maxConnections])
        let standard = service.replacing("\nType=notify\n", with: "\nStandardInput=socket\nNonBlocking=yes\n")
        #expect(try findings(socket, standard) == [.nonBlockingConnection])
        #expect(try findings(socket, standard.replacing("NonBlocking=yes", with: "")) == [])
        let short = service.replacing("TimeoutStopSec=40", with: "TimeoutStopSec=5")
        #expect(try findings(socket, short) == [.stopTimeout])
    }

    @Test func aServiceWithoutASocket() throws {
        let units = try UnitFilesOnDisk(["app.service": InstalledUnits.text("app.service")])
        #expect(try units.findings().map(\.id) == [.noSocket])
    }

    @Test func theLeastThatWorksGivesHintsOnly() throws {
        let socket = """
            [Socket]
            ListenStream=8080
            FileDescriptorName=http
            Backlog=4096
            TriggerLimitIntervalSec=0
            [Install]
            WantedBy=sockets.target
            """
        let service = """
            [Unit]
            Requires=app.socket
            After=app.socket
            StartLimitIntervalSec=0
            [Service]
            Type=notify
            ExecStart=/usr/local/bin/app
            Restart=always
            FileDescriptorStoreMax=64
            RestartKillSignal=SIGINT
            """
        let findings = try UnitFilesOnDisk(["app.socket": socket, "app.service": service]).findings()
        #expect(findings.map(\.id) == [.nonBlockingMissing, .watchdogMissing])
    }
}
