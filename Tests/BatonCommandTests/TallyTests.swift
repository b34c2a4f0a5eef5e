import Testing

@testable import BatonCommand

struct TallyTests {
    @Test func addsUpWhenEachRequestEndsOnce() {
        var tally = Tally()
        tally.issue(.keepAlive)
        #expect(!tally.addsUp)
        tally.record(.make(.keepAlive, .ok))
        #expect(tally.addsUp)
        tally.record(.make(.keepAlive, .reset))
        #expect(!tally.addsUp)
    }

    @Test func oneModeDoesNotMakeUpForAnother() {
        var tally = Tally()
        tally.issue(.keepAlive)
        tally.record(.make(.newConnection, .ok))
        #expect(tally.total.issued == tally.total.recorded)
        #expect(!tally.addsUp)
    }

    @Test(arguments: OutcomeKind.allCases) func countsFailures(kind: OutcomeKind) {
        var tally = Tally()
        tally.issue(.long)
        tally.record(.make(.long, kind))
        #expect(tally[.long][kind] == 1)
        #expect(tally.total.failures == ([.ok, .turnedAway, .abandoned].contains(kind) ? 0 : 1))
    }

    @Test func cleanClosesAreNoOutcomes() {
        var tally = Tally()
        tally.note(.keepAliveBeforeWritten, .keepAlive)
        #expect(tally.addsUp)
        #expect(tally.total.recorded == 0)
        #expect(tally.total[.keepAliveBeforeWritten] == 1)
    }
}

extension Outcome {
    static func make(
        _ mode: ProbeMode,
        _ kind: OutcomeKind,
        from start: Int64 = 0,
        to end: Int64 = 1,
        pid: Int? = nil,
        detail: String = ""
    ) -> Outcome {
        Outcome(
            mode: mode,
            kind: kind,
            detail: detail,
            issuedAt: .milliseconds(start),
            endedAt: .milliseconds(end),
            paused: .zero,
            pid: pid
        )
    }
}
