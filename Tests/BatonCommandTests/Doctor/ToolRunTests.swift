import Foundation
import Testing

@testable import BatonCommand

@Suite struct ToolRunTests {
    private func run(_ script: String, limit: Duration = .seconds(60)) throws -> ToolRun {
        try ToolRun.run(["sh", "-c", script], variables: ["WORD": "x y"], limit: limit)
    }

    @Test func whatItWritesAndHowItEnds() throws {
        let run = try run("echo \"$WORD\"; echo one >&2; echo two >&2; exit 3")
        #expect(run.status == 3)
        #expect(run.output == "x y\n")
        #expect(run.reason == "one; two")
        #expect(try self.run("kill -TERM $$").status == 128 + 15)
        #expect(try self.run("exit 4").reason == "exit 4")
    }

    @Test func moreThanAPipeHolds() throws {
        let run = try run("head -c 300000 /dev/zero | tr '\\0' e >&2; head -c 300000 /dev/zero | tr '\\0' o")
        #expect(run.output.count == 300_000)
        #expect(run.errors.count == 300_000)
    }

    @Test func whatIsNotThereAndWhatDoesNotEnd() throws {
        let missing = #expect(throws: ToolRun.Failure.self) { try ToolRun.run(["no-such-tool-anywhere"]) }
        #expect(missing?.description.contains("no-such-tool-anywhere") == true)
        let late = #expect(throws: ToolRun.Failure.self) { try run("exec sleep 600", limit: .milliseconds(100)) }
        #expect(late?.description.contains("has not ended within") == true)
    }

    /// It ends when the process does, not when nobody has its output any more.
    @Test func whatItLeavesRunningIsNotWaitedFor() throws {
        let run = try run("sleep 600 & echo $!", limit: .seconds(300))
        let left = try #require(CInt(run.output.dropLast()))
        #expect(kill(left, SIGKILL) == 0, "it was left running")
    }

    /// What it has started is killed with it, and what a terminal sends to the group of this process does not reach it.
    @Test func itHasAGroupOfItsOwn() throws {
        let own = try run("read -r stat </proc/$$/stat; set -- $stat; echo $5 $$").output.split(
            whereSeparator: \.isWhitespace
        )
        #expect(own.count == 2 && own[0] == own[1])
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("toolrun-\(getpid())").path
        defer { unlink(file) }
        #expect(throws: ToolRun.Failure.self) { try run("sleep 600 & echo $! >'\(file)'; wait", limit: .seconds(5)) }
        let child = try #require(CInt(try String(contentsOfFile: file, encoding: .utf8).dropLast()))
        let deadline = ContinuousClock.now + .seconds(10)
        while Self.runs(child), .now < deadline { sched_yield() }
        #expect(!Self.runs(child))
    }

    /// Whether it is more than a number that nobody has asked for yet.
    private static func runs(_ pid: CInt) -> Bool {
        guard let stat = try? SmallFile.read("/proc/\(pid)/stat") else { return false }
        return !stat.contains(") Z ")
    }

    @Test func oneThatClosesItsOutputIsWaitedForNoLonger() {
        #expect(throws: ToolRun.Failure.self) {
            try run("exec >/dev/null 2>&1; exec sleep 600", limit: .milliseconds(100))
        }
        #expect(throws: ToolRun.Failure.self) { try run("exec yes", limit: .milliseconds(100)) }
    }

    @Test func propertiesOfUnits() {
        let properties = Systemctl.properties("Id=a\nListen=[::]:1 (Stream)\nListen=/x (Stream)\nEmpty=\nA=b=c\nodd\n")
        #expect(properties["Listen"] == ["[::]:1 (Stream)", "/x (Stream)"])
        #expect(properties["Empty"] == [""])
        #expect(properties["A"] == ["b=c"])
    }

    @Test func exposures() throws {
        let output = "x\n✓ User=…  0.1\n\n→ Overall exposure level for app.service: 9.6 UNSAFE 😨\n"
        let exposure = try #require(Exposure(output: output))
        #expect(exposure.score == 9.6)
        #expect(Exposure(output: "nothing") == nil)
        let units = try UnitFilesOnDisk(InstalledUnits.app())
        var examination = try units.examination()
        examination.exposure = exposure
        #expect(examination.findings().map(\.id) == [.exposure])
        examination.exposure = Exposure(score: 1.3)
        #expect(examination.findings() == [])
    }

    @Test(.enabled(if: SystemdAnalyze.isInstalled, "systemd-analyze is not installed"))
    func theExposureOfOurUnits() throws {
        for file in ["app.service", "app-supervised.service"] {
            let units = try UnitFilesOnDisk(InstalledUnits.app(service: file))
            let unit = try units.examination().service
            let exposure = try Exposure.read(of: unit, in: units.folders)
            #expect((0...1.5).contains(exposure.score))
            try units.write(
                "[Service]\nDynamicUser=no\nSystemCallFilter=\nPrivateDevices=no\n",
                to: "app.service.d/a.conf"
            )
            let open = try Exposure.read(of: unit, in: units.folders)
            #expect(open.score > exposure.score, "drop-ins count")
        }
    }
}

/// Whether the tool is there.
enum SystemdAnalyze {
    static let isInstalled = (try? ToolRun.run(["systemd-analyze", "--version"]))?.status == 0
}
