import Testing

@testable import BatonCommand

@Suite struct DrainScopeTests {
    private static func entry(_ pid: CInt, _ parent: CInt, start: UInt64 = 0) -> ProcessEntry {
        ProcessEntry(pid: pid, parent: parent, name: "p", start: start == 0 ? UInt64(pid) : start)
    }

    @Test func statWithAnOddName() throws {
        let rest = "S 7 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 98765 1 1 1\n"
        let entry = try #require(ProcessEntry(stat: "42 (a) S (b c) \(rest)"))
        #expect(entry == ProcessEntry(pid: 42, parent: 7, name: "a) S (b c", start: 98765))
        #expect(ProcessEntry(stat: "42 (gone) Z\(rest.dropFirst())") == nil)
        #expect(ProcessEntry(stat: "") == nil)
        #expect(ProcessEntry(stat: "42 (short) S 7") == nil)
    }

    @Test func whatDrains() throws {
        // 10 is main, 20 a worker with the child 21, 30 the newer worker, 40 the control process's shell, 41 this one.
        let all = [(41, 40), (10, 1), (30, 10), (21, 20), (40, 1), (20, 10)].map { Self.entry($0.0, $0.1) }
        let draining = try #require(DrainingProcesses(all, main: 10, control: 40))
        #expect(draining.pids == [20, 21, 30])
        #expect(draining.worker.pid == 30)
        #expect(draining.text == "p 20, p 21, p 30")
    }

    @Test func theNewestIsByStartNotByNumber() throws {
        let all = [Self.entry(10, 1), Self.entry(300, 10, start: 5), Self.entry(20, 10, start: 9)]
        #expect(DrainingProcesses(all, main: 10, control: 40)?.worker.pid == 20)
    }

    @Test func withoutAChildOfTheMainProcess() throws {
        let all = [Self.entry(10, 1), Self.entry(20, 1), Self.entry(30, 1)]
        #expect(DrainingProcesses(all, main: 10, control: 40)?.worker.pid == 30)
    }

    @Test func nothingToDrain() {
        #expect(DrainingProcesses([], main: 10, control: 40) == nil)
        #expect(DrainingProcesses([Self.entry(10, 1), Self.entry(40, 1)], main: 10, control: 40) == nil)
    }

    @Test func aCircleOfParentsEnds() {
        let all = [Self.entry(10, 1), Self.entry(20, 30), Self.entry(30, 20)]
        #expect(DrainingProcesses(all, main: 10, control: 40)?.pids == [20, 30])
    }

    @Test func manyAreNotAllNamed() {
        let all = (20..<31).map { Self.entry($0, 10) }
        #expect(DrainingProcesses(all, main: 10, control: 40)?.text.hasSuffix("p 27, 3 more") == true)
    }

    @Test func controlGroups() {
        let unified = ControlGroup(processFile: "0::/system.slice/app.service\n")
        #expect(unified == ControlGroup(path: "/system.slice/app.service"))
        #expect(unified?.isOfService == true)
        let hybrid = ControlGroup(processFile: "1:name=systemd:/a\n0::/system.slice/app.service/.control\n")
        #expect(hybrid?.isOfService == false)
        #expect(hybrid?.withoutControl == unified)
        #expect(unified?.withoutControl == unified)
        #expect(ControlGroup(processFile: "1:name=systemd:/a\n") == nil)
        #expect(ControlGroup(path: "/user.slice/session-1.scope").isOfService == false)
    }

    /// Whose worker is released, and need not be waited for.
    @Test func aScopeThatTheManagerIsInItselfIsNoneOfADrain() {
        let scope = "0::/system.slice/app-drain-7.scope\n"
        #expect(ProcessTree.isDrainScope(scope, besides: "0::/system.slice/app.service\n"))
        #expect(ProcessTree.isDrainScope(scope, besides: "0::/system.slice/app-drain-6.scope\n"))
        #expect(!ProcessTree.isDrainScope(scope, besides: scope))
        for other in ["0::/system.slice/app.service/worker\n", "0::/user.slice/session-1.scope\n", "0::/\n", ""] {
            #expect(!ProcessTree.isDrainScope(other, besides: "0::/system.slice/app.service\n"), "\(other)")
        }
    }

    @Test func limits() throws {
        #expect(try DrainLimit("45").duration == .seconds(45))
        #expect(try DrainLimit("2m").duration == .seconds(120))
        #expect(try DrainLimit("1500ms").duration == .milliseconds(1500))
        for text in ["", "0", "999ms", "86401", "1d", "-3", "x"] {
            #expect(throws: (any Error).self) { _ = try DrainLimit(text) }
        }
    }

    @Test func withoutTheVariableOfExecStop() {
        #expect(throws: Refusal.self) { _ = try ScopedDrain().run { _ in nil } }
        let ended = try? ScopedDrain().run { $0 == "SERVICE_RESULT" ? "success" : nil }
        #expect(ended == .some(nil))
    }
}
