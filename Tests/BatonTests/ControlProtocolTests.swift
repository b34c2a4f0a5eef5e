import Testing

@testable import Baton

@Suite struct ControlProtocolTests {
    @Test(arguments: [ControlProtocol.Answer.done, .failed("line 3 is wrong"), .failed("")])
    func anAnswerSurvivesTheWay(answer: ControlProtocol.Answer) {
        #expect(ControlProtocol.Answer(line: answer.line) == answer)
    }

    @Test func aReasonIsOneLine() {
        #expect(ControlProtocol.Answer.failed("a\nb\r\nc").line == "failed a b c")
    }

    @Test(arguments: ["", "okay", "failed", "FAILED x"])
    func whatIsNoAnswerIsNone(line: String) {
        #expect(ControlProtocol.Answer(line: line) == nil)
    }

    @Test func theSocketIsInTheFirstRuntimeDirectory() {
        #expect(ControlProtocol.path(inRuntimeDirectory: "/run/app:/run/other") == "/run/app/control")
        #expect(ControlProtocol.path(inRuntimeDirectory: "") == nil)
        #expect(ControlProtocol.path(inRuntimeDirectory: nil) == nil)
    }

    @Test func orBesideThePidFileAndAlwaysAFile() {
        #expect(ControlProtocol.path(besidePIDFile: "/run/app.pid") == "/run/app.pid.control")
        #expect(ControlProtocol.path(besidePIDFile: "@pid") == "./@pid.control")
    }
}
