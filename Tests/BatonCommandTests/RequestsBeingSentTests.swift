import Testing

@testable import BatonCommand

/// Requests that a restart begins in the middle of, from the events alone; times in milliseconds.
struct RequestsBeingSentTests {
    private func count(_ events: (inout Record) -> Void) -> RequestsBeingSent.Count {
        var record = Record()
        events(&record)
        #expect(record.beingSent.addsUp)
        return record.beingSent.byMode[.drip, default: RequestsBeingSent.Count()]
    }

    private func answer(_ kind: OutcomeKind = .ok, pid: Int?, at time: Int64) -> Outcome {
        .make(.drip, kind, to: time, pid: pid)
    }

    private func seen(_ pid: Int, at time: Int64) -> Outcome {
        var outcome = Outcome.make(.newConnection, .ok, to: time, pid: pid)
        outcome.client = 1
        return outcome
    }

    @Test(arguments: [(8, 1, 0), (7, 0, 1)]) func answeredByTheNewOrTheOldProcess(pid: Int, new: Int, old: Int) {
        let count = count { record in
            record.record(seen(7, at: 1))
            record.beginSending(.drip, by: 0)
            record.restartBegan(at: .milliseconds(2))
            record.sent(by: 0)
            record.record(answer(pid: pid, at: 3))
        }
        #expect((count.requests, count.answeredByNew, count.answeredByOld) == (1, new, old))
    }

    /// Another client has seen it before, but after the restart began.
    @Test func theNewProcessNeedNotBeSeenForTheFirstTime() {
        let count = count { record in
            record.record(seen(7, at: 1))
            record.beginSending(.drip, by: 0)
            record.restartBegan(at: .milliseconds(2))
            record.record(seen(8, at: 3))
            record.record(answer(pid: 8, at: 4))
        }
        #expect(count.answeredByNew == 1)
    }

    @Test func nothingIsKnownOfAProcessIfNoneWasSeenBefore() {
        let count = count { record in
            record.beginSending(.drip, by: 0)
            record.restartBegan(at: .milliseconds(2))
            record.record(answer(pid: 8, at: 4))
        }
        #expect((count.answeredByUnknown, count.answeredByNew) == (1, 0))
    }

    @Test func aLostRequest() {
        let count = count { record in
            record.beginSending(.drip, by: 0)
            record.restartBegan(at: .milliseconds(2))
            record.record(answer(.keepAliveClosedAfterWritten, pid: nil, at: 3))
        }
        #expect((count.requests, count.unanswered) == (1, 1))
    }

    @Test func aRequestThatIsSentAllBeforeIsNotMeant() {
        let count = count { record in
            record.beginSending(.drip, by: 0)
            record.sent(by: 0)
            record.restartBegan(at: .milliseconds(2))
            record.record(answer(pid: 8, at: 3))
        }
        #expect(count.requests == 0)
    }

    @Test func aRequestOverTwoRestartsCountsAtBoth() {
        let count = count { record in
            record.record(seen(7, at: 0))
            record.beginSending(.drip, by: 0)
            record.restartBegan(at: .milliseconds(2))
            record.record(seen(8, at: 3))
            record.restartBegan(at: .milliseconds(4))
            record.record(answer(pid: 8, at: 5))
        }
        #expect((count.requests, count.answeredByNew, count.answeredByOld) == (2, 1, 1))
    }

    @Test func aRequestUnderWayDoesNotAddUp() {
        var record = Record()
        record.beginSending(.drip, by: 0)
        record.restartBegan(at: .milliseconds(2))
        #expect(!record.beingSent.addsUp)
    }
}
