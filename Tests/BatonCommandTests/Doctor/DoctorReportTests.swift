import ArgumentParser
import Foundation
import Testing

@testable import BatonCommand

@Suite struct DoctorReportTests {
    private static let plain = TextStyle(hasColors: false)

    private func report(_ arguments: [String]) throws -> DoctorReport {
        try Doctor(DoctorOptions.parse(arguments)).report()
    }

    private func broken() throws -> UnitFilesOnDisk {
        var files = try InstalledUnits.app(["TimeoutStopSec=40": "TimeoutStopSec=7", "WatchdogSec=10": ""])
        files["app.service.d/a.conf"] = "[Service]\nRestart=no\n"
        return try UnitFilesOnDisk(files)
    }

    @Test func textSaysWhatAndWhere() throws {
        let units = try broken()
        let report = try report(["--unit-path", units.path, "--systemd", "252"])
        #expect(report.exitStatus == 2)
        let text = report.text(Self.plain)
        #expect(text.hasPrefix("app.service, app.socket: 1 error, 1 warning, 1 hint (systemd 252"), "\(text)")
        let service = try InstalledUnits.text("app.service").split(separator: "\n", omittingEmptySubsequences: false)
        let line = try #require(service.firstIndex { $0.hasPrefix("TimeoutStopSec=") }) + 1
        #expect(
            text.contains(
                """
                error    stop-timeout  app.service
                """
            ),
            "\(text)"
        )
        #expect(
            text.contains(
                """
                  write  TimeoutStopSec=40
                         in [Service] of \(units.path)/app.service
                         now TimeoutStopSec=7, line \(line)
                  see    systemd.service(5), TimeoutStopSec=

                """
            ),
            "\(text)"
        )
        #expect(text.contains("in [Service] of \(units.path)/app.service.d/a.conf\n         now Restart=no, line 2\n"))
        #expect(text.contains("not checked: how it runs"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 140 })
        #expect(!text.contains("\u{1b}"))
        #expect(report.text(TextStyle(hasColors: true)).contains("\u{1b}[31merror"))
    }

    @Test func jsonSaysTheSame() throws {
        struct Document: Decodable {
            struct Entry: Decodable {
                let id, severity, unit, message, file, source: String
                let section, write, run: String?
                let line: Int?
            }
            struct Unchecked: Decodable { let what, why: String }
            let service: String
            let sockets: [String]
            let systemd: Int
            let findings: [Entry]
            let unchecked: [Unchecked]
        }
        let units = try broken()
        let json = try report(["app", "--unit-path", units.path, "--systemd", "260"]).json()
        let document = try JSONDecoder().decode(Document.self, from: Data(json.utf8))
        #expect(document.service == "app.service")
        #expect(document.sockets == ["app.socket"])
        #expect(document.systemd == 260)
        #expect(document.findings.map(\.id) == ["stop-timeout", "restart-missing", "watchdog-missing"])
        #expect(document.findings.map(\.severity) == ["error", "warning", "hint"])
        let first = try #require(document.findings.first)
        #expect(first.section == "Service")
        #expect(first.write == "TimeoutStopSec=40")
        #expect(first.file == "\(units.path)/app.service")
        #expect(first.line != nil)
        #expect(!document.unchecked.isEmpty)
    }

    @Test func theExitStatusIsThatOfTheWorst() throws {
        func status(_ lines: [String: String]) throws -> Int32 {
            let units = try UnitFilesOnDisk(InstalledUnits.app(lines))
            return try report(["app", "--unit-path", units.path]).exitStatus
        }
        #expect(try status([:]) == 0)
        #expect(try status(["WatchdogSec=10": ""]) == 0)
        #expect(try status(["Restart=always": ""]) == 1)
        #expect(try status(["Restart=always": "", "Requires=app.socket": ""]) == 2)
    }

    @Test func whatTheDrainMayTakeCanBeSaid() throws {
        let units = try UnitFilesOnDisk(InstalledUnits.app())
        let long = try report(["app", "--unit-path", units.path, "--drain-timeout", "2m"])
        #expect(long.findings.map(\.id) == [.stopTimeout])
        #expect(long.findings.first?.change?.line == "TimeoutStopSec=130")
        let line = ["ExecStart=/usr/local/bin/app": "ExecStart=/usr/local/bin/app --drain-timeout ${DRAIN}"]
        let unknown = try UnitFilesOnDisk(InstalledUnits.app(line))
        #expect(try report(["app", "--unit-path", unknown.path]).unchecked.contains { $0.why.contains("${DRAIN}") })
    }

    @Test func aSocketWithoutItsService() throws {
        let units = try UnitFilesOnDisk(["app.socket": InstalledUnits.text("app.socket")])
        let report = try report(["app.socket", "--unit-path", units.path])
        #expect(report.findings.map(\.id) == [.serviceMissing])
        #expect(report.exitStatus == 2)
        #expect(report.text(Self.plain).contains("is for app.service, which is not there"))
        let accepting = try InstalledUnits.text("per-connection/app.socket")
        let template = try UnitFilesOnDisk(["app.socket": accepting, "app.service": "[Service]\nType=notify\n"])
        let other = try self.report(["app.socket", "--unit-path", template.path])
        #expect(other.findings.first?.message.contains("is for app@.service") == true)
    }

    @Test func installedFilesOfTheDistributionAreNotWrittenTo() throws {
        let service = try InstalledUnits.app(["Restart=always": ""])["app.service"] ?? ""
        let socket = try InstalledUnits.text("app.socket")
        let units = try UnitFilesOnDisk([
            "usr/lib/systemd/system/app.service": service, "usr/lib/systemd/system/app.socket": socket,
        ])
        let name = try #require(UnitName("app"))
        let found = try #require(try UnitFolders(root: units.path).unit(name))
        let unit = Unit(
            name: found.name,
            files: found.files.map { UnitFile(path: String($0.path.dropFirst(units.path.count)), text: service) }
        )
        let findings = Examination(service: unit, sockets: [], systemd: 252).findings()
        let restart = try #require(findings.first { $0.id == .restartMissing })
        #expect(restart.target == "/etc/systemd/system/app.service.d/override.conf")
        let users = Unit(name: name, files: [UnitFile(path: "/usr/lib/systemd/user/app.service", text: service)])
        let hint = try #require(Examination(service: users, sockets: [], systemd: 252).findings().first)
        #expect(hint.target == "~/.config/systemd/user/app.service.d/override.conf")
    }

    @Test(arguments: [
        ["--root", "/x", "--unit-path", "/y"], ["--systemd", "252"], ["--unit-path", "/x", "--systemd", "3"],
        ["--drain-timeout", "soon"], ["--drain-timeout", "0"], ["--user", "--root", "/x"],
    ])
    func wrongUsage(arguments: [String]) {
        #expect(throws: (any Error).self) { try DoctorOptions.parse(arguments) }
        let error = #expect(throws: (any Error).self) { try DoctorCommand.parse(arguments) }
        #expect(error.map { DoctorCommand.exitCode(for: $0) } == .validationFailure)
    }
}
