import ArgumentParser
import Foundation
import Testing

@testable import BatonCommand

/// What `baton units` writes is right, whatever it is told.
@Suite struct WrittenUnitsTests {
    /// With a link of that name to a program that is there, as systemd-analyze looks for it.
    private static let baton = Result {
        let folder = try UnitFilesOnDisk()
        try folder.link("baton", to: "/usr/bin/env")
        return folder
    }

    private static let program = [
        "/usr/bin/env", "--drain-timeout", "20s", "a b", "100%", "$X", "\"\\", "", ";", "é",
    ]

    private static let kinds = [["--kind", "plain"], ["--kind", "supervised"], ["--kind", "template"]]
    private static let listening = [
        ["--port", "8080"], ["--port", "127.0.0.1:8080", "--port", "[::1]:8080", "--path", "/run/web-extra.sock"],
        ["--port", "8080", "--port", "https=8443", "--path", "admin=/run/web-admin%.sock"],
    ]
    private static let more = [
        [], ["--state-directory", "web", "--memory-max", "512M", "--drain-timeout", "2m", "--description", "100% web"],
        ["--runtime-directory", "web-run", "--systemd", "247", "--drain-timeout", "20.5s", "--memory-max", "20%"],
    ]

    /// Each kind with each hardening, and each of the other options with each kind.
    static let matrix: [[String]] = kinds.enumerated().flatMap { index, kind in
        UnitsPlan.Hardening.allCases.enumerated().map { row, hardening in
            kind + ["--hardening", hardening.rawValue] + listening[(index + row) % listening.count]
                + more[(index + 2 * row) % more.count]
        }
    }

    private static func plan(_ arguments: [String]) throws -> UnitsPlan {
        let baton = ["--baton", "\(try baton.get().path)/baton"]
        let command = try UnitsCommand.parse(["--name", "web"] + arguments + baton + ["--"] + program)
        return try command.options.plan(command.program)
    }

    private static func write(_ arguments: [String]) throws -> (units: UnitFilesOnDisk, plan: UnitsPlan) {
        let (units, plan) = (try UnitFilesOnDisk(), try plan(arguments))
        _ = try UnitFilesFolder(path: units.path).write(plan)
        return (units, plan)
    }

    @Test(arguments: matrix, [false, true]) func doctorHasNothingToSay(arguments: [String], isUser: Bool) throws {
        let (units, plan) = try Self.write(arguments + (isUser ? ["--user"] : []))
        let examination = try units.examination(of: "web.socket", systemd: plan.systemd)
        #expect(examination.findings() == [])
        #expect(examination.unchecked == [])
        #expect(examination.sockets.count == plan.sockets.count)
        #expect(examination.program.isSupervised == (plan.kind == .supervised))
        #expect("\(examination.service.name)" == plan.startedService)
    }

    /// A program that says READY=1 and does not ping would be aborted by a watchdog; what is left out costs it nothing.
    @Test(arguments: ["plain", "template"]) func nothingOfBatonsIsAskedOfForeignPrograms(kind: String) throws {
        let (units, plan) = try Self.write(["--kind", kind, "--port", "8080", "--foreign", "--systemd", "252"])
        let examination = try units.examination(of: "web.socket", systemd: plan.systemd)
        #expect(Set(examination.findings().map(\.id)) == [.watchdogMissing, .handOverMissing])
        let service = try #require(plan.files.last?.text)
        for key in ["WatchdogSec", "RestartKillSignal", "FileDescriptorStoreMax", "ExecReload", "RuntimeDirectory"] {
            #expect(!service.contains("\n\(key)"))
        }
    }

    // Of the user's, one of each kind: it takes its time.
    @Test(
        .enabled(if: SystemdAnalyze.isInstalled, "systemd-analyze is not installed"),
        arguments: matrix + matrix.filter { $0.contains("strict") }.map { $0 + ["--user"] }
    )
    func verifyPrintsNothing(arguments: [String]) throws {
        let (units, plan) = try Self.write(arguments)
        let isUser = arguments.contains("--user")
        // It exits with 0 for unknown settings: every line is a fault.
        let run = try ToolRun.run(
            ["systemd-analyze"] + (isUser ? ["--user"] : []) + ["verify"]
                + plan.files.map { "\(units.path)/\($0.name)" },
            variables: ["XDG_RUNTIME_DIR": units.path]
        )
        #expect(run.status == 0)
        #expect(run.output + run.errors == "")
    }

    @Test(
        .enabled(if: SystemdAnalyze.isInstalled, "systemd-analyze is not installed"),
        arguments: [
            ("plain", "strict", 0...1.5), ("supervised", "strict", 0...1.5), ("template", "strict", 0...1.5),
            ("plain", "basic", 0...4.9), ("template", "basic", 0...4.9), ("plain", "none", 5...10),
        ]
    )
    func exposures(kind: String, hardening: String, range: ClosedRange<Double>) throws {
        let arguments = ["--kind", kind, "--hardening", hardening, "--port", "8080", "--state-directory", "x"]
        let (units, _) = try Self.write(arguments)
        let exposure = try Exposure.read(of: units.examination(of: "web").service, in: units.folders)
        #expect(range.contains(exposure.score), "\(exposure)")
    }

    /// The command line that is written is the one that was given.
    @Test func theProgramGetsItsArguments() throws {
        let (units, _) = try Self.write(["--port", "8080"])
        let line = try #require(try units.examination(of: "web").service.text(.execStart))
        let words = UnitText.words(line).map { $0.replacing("%%", with: "%").replacing("$$", with: "$") }
        #expect(words == Self.program)
    }

    /// The same settings as in the units that are there to be read.
    @Test(arguments: [("plain", "app.service"), ("supervised", "app-supervised.service")])
    func theSettingsAreThoseOfOurUnits(kind: String, file: String) throws {
        func settings(_ text: String) -> Set<Substring> {
            Set(text.split(separator: "\n").filter { !$0.hasPrefix("#") })
        }
        let command = try UnitsCommand.parse(
            ["--kind", kind, "--port", "8080", "--systemd", "252", "--", "/usr/local/bin/app"]
        )
        let files = Dictionary(
            uniqueKeysWithValues: try command.options.plan(command.program).files.map { ($0.name, $0.text) }
        )
        #expect(files.keys.sorted() == ["app.service", "app.socket"])
        #expect(try settings(files["app.service"] ?? "") == settings(InstalledUnits.text(file)))
        #expect(try settings(files["app.socket"] ?? "") == settings(InstalledUnits.text("app.socket")))
    }

    @Test func whatDependsOnTheOptions() throws {
        func text(_ arguments: [String]) throws -> String {
            try Self.plan(["--port", "80"] + arguments).files.map(\.text).joined()
        }
        let baton = "\(try Self.baton.get().path)/baton"
        let supervised = try text(["--kind", "supervised", "--drain-timeout", "100s"])
        #expect(supervised.contains("\nExecStart=\(baton) run --notify --kill-timeout 110 -- /usr/bin/env "))
        #expect(supervised.contains("\nExecStop=+\(baton) drain-scope --limit 110\n"))
        #expect(supervised.contains("\nTimeoutStopSec=110\n"))
        #expect(try text(["--kind", "supervised", "--no-notify"]).contains("\(baton) run -- /usr/bin/env"))
        #expect(try !text(["--kind", "supervised", "--user"]).contains("ExecStop="), "only root may move processes")
        #expect(try text([]).contains("\nTimeoutStopSec=30\n"), "20 s from the program's own option")
        let duck = try UnitsCommand.parse(["--port", "80", "--", "/bin/app", "--lame-duck", "5s"])
        #expect(try duck.options.plan(duck.program).files.map(\.text).joined().contains("\nTimeoutStopSec=45\n"))
        #expect(try text(["--systemd", "254"]).contains("\nRestartMode=direct\n"))
        #expect(try !text(["--systemd", "253"]).contains("RestartMode="))
        #expect(try text(["--kind", "template"]).contains("\nService=web@a.service\n"))
        #expect(try text(["--user"]).contains("\nWantedBy=default.target\n"))
        #expect(try text(["--memory-max", "20%"]).contains("\nMemoryMax=20%\n"), "systemd knows no specifiers there")
        for line in try Self.matrix.flatMap({ try text($0).split(separator: "\n") }) where line.hasPrefix("#") {
            #expect(line.count <= 100)
        }
    }

    @Test(arguments: [
        ["--port", "8080"], ["--", "/bin/app"], ["--port", "http", "--", "/bin/app"],
        ["--port", "0", "--", "/bin/app"],
        ["--port", "localhost:80", "--", "/bin/app"], ["--port", "::1:80", "--", "/bin/app"],
        ["--port", "a b=80", "--", "/bin/app"], ["--path", "run/x", "--", "/bin/app"],
        ["--path", "/" + String(repeating: "x", count: 110), "--", "/bin/app"],
        ["--path", "/run/app/x.sock", "--", "/bin/app"], ["--path", "/var/run/app/x", "--", "/bin/app"],
        ["--port", "1", "--port", "1", "--", "/bin/app"], ["--port", "1", "--name", "a@b", "--", "/bin/app"],
        ["--port", "1", "--name", "a/b", "--", "/bin/app"], ["--port", "1", "--", "no-such-program-anywhere"],
        ["--port", "1", "--no-notify", "--", "/bin/app"], ["--port", "1", "--systemd", "230", "--", "/bin/app"],
        ["--port", "1", "--drain-timeout", "soon", "--", "/bin/app"],
        ["--port", "1", "--", "/bin/app", "--drain-timeout=x"],
        ["--port", "1", "--", "/bin/app", "--lame-duck", "x"],
        ["--port", "1", "--foreign", "--kind", "supervised", "--", "/bin/app"],
        ["--port", "1", "--memory-max", "120%", "--", "/bin/app"],
        ["--port", "1", "--name", "my.app", "--kind", "template", "--", "/bin/app"],
        ["--port", "1", "--name", "9app", "--kind", "template", "--", "/bin/app"],
        ["--port", "1", "--name", "a-name-that-is-too-long-for-one-user", "--kind", "template", "--", "/bin/app"],
        ["--port", "1", "--memory-max", "lots", "--", "/bin/app"],
        ["--port", "1", "--state-directory", "/x", "--", "/bin/app"],
        ["--port", "1", "--runtime-directory", "../x", "--", "/bin/app"], ["--port", "1", "--", "/bin/app", "a\nb"],
        ["--port", "1", "--description", "a\nb", "--", "/bin/app"],
        ["--port", "1", "--install", "--output", "x", "--", "/bin/app"],
        ["--uninstall"], ["--uninstall", "--name", "a", "--", "/bin/app"],
        ["--root", "/x", "--port", "1", "--", "/bin/app"],
        ["--install", "--root", "/x", "--user", "--port", "1", "--", "/bin/app"],
    ])
    func wrongUsage(arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try UnitsCommand.parse(arguments) }
        #expect(error.map { UnitsCommand.exitCode(for: $0) } == .validationFailure)
    }
}
