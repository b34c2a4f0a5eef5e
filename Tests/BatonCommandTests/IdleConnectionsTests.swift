import Histogram
import Testing

@testable import BatonCommand

/// What becomes of idle connections, from the events alone.
struct IdleConnectionsTests {
    private struct Watch {
        var record = Record()

        var round: IdleConnections.Round { record.idle.rounds[0] }

        mutating func ask(_ client: Int, _ kind: OutcomeKind = .ok, pid: Int? = 7, to end: Int64 = 1) {
            record.issue(.idle, by: client)
            answer(client, kind, pid: pid, to: end)
        }

        mutating func answer(_ client: Int, _ kind: OutcomeKind = .ok, pid: Int? = 7, to end: Int64 = 1) {
            var outcome = Outcome.make(.idle, kind, to: end, pid: pid)
            outcome.client = client
            record.record(outcome)
        }

        mutating func close(_ client: Int) { record.close(.unannounced, .idle, of: client) }

        mutating func restart() { record.restartBegan(at: .zero) }
    }

    private func watch(connections: Int = 1, _ events: (inout Watch) -> Void) -> Watch {
        var watch = Watch()
        for client in 0..<connections { watch.ask(client) }
        watch.restart()
        events(&watch)
        return watch
    }

    @Test func anAnswerByAnotherProcess() {
        let round = watch { $0.ask(0, pid: 8) }.round
        #expect((round.connections, round.answeredByNew, round.answeredByOld, round.survived) == (1, 1, 0, 1))
    }

    @Test func anAnswerByTheSameProcess() {
        let round = watch { $0.ask(0, pid: 7) }.round
        #expect((round.answeredByNew, round.answeredByOld, round.survived) == (0, 1, 1))
    }

    @Test func anAnswerThatNamesNoProcess() {
        let round = watch { $0.ask(0, pid: nil) }.round
        #expect((round.answeredByNew, round.answeredByOld, round.answeredByUnknown) == (0, 0, 1))
    }

    @Test func closedDuringTheRestart() {
        let watch = watch(connections: 2) {
            $0.close(0)
            $0.ask(1, pid: 8)
        }
        #expect((watch.round.connections, watch.round.survived, watch.round.closedDuringRestart) == (2, 1, 1))
        #expect(watch.record.addsUp)
    }

    /// It comes with a request that fails, and is no close on a request.
    @Test func resetDuringTheRestart() {
        let watch = watch {
            $0.close(0)
            $0.ask(0, .reset, pid: nil)
        }
        #expect((watch.round.closedDuringRestart, watch.round.closedOnRequest, watch.round.unanswered) == (1, 0, 0))
        #expect(watch.record.tally.total.failures == 1)
        #expect(watch.record.addsUp)
    }

    @Test func closedOnTheRequest() {
        let watch = watch {
            $0.record.issue(.idle, by: 0)
            $0.close(0)
            $0.answer(0, .keepAliveClosedAfterWritten, pid: nil)
        }
        #expect((watch.round.closedDuringRestart, watch.round.closedOnRequest, watch.round.unanswered) == (0, 1, 0))
        #expect(watch.record.addsUp)
    }

    @Test func closedAfterTheAnswer() {
        let watch = watch {
            $0.ask(0, pid: 8)
            $0.close(0)
        }
        #expect((watch.round.answeredByNew, watch.round.closedAfterAnswer, watch.round.survived) == (1, 1, 0))
    }

    @Test func aRequestThatIsSwallowed() {
        let watch = watch { $0.ask(0, .timeout, pid: nil) }
        #expect((watch.round.unanswered, watch.round.survived) == (1, 0))
        #expect(watch.record.addsUp)
    }

    @Test func whatIsNotAskedIsNotForgotten() {
        let watch = watch { _ in }
        #expect((watch.round.connections, watch.round.waiting) == (1, 1))
        #expect(watch.record.addsUp)
    }

    @Test func aRequestUnderWayDoesNotAddUp() {
        let watch = watch { $0.record.issue(.idle, by: 0) }
        #expect(!watch.record.idle.addsUp)
    }

    @Test func eachRestartHasItsOwn() {
        let watch = watch(connections: 3) {
            $0.ask(0, pid: 8)
            $0.ask(1, pid: 8)
            $0.close(2)
            // The third is opened anew, by the new process; one is closed before the next restart, one in it.
            $0.ask(2, pid: 8)
            $0.close(0)
            $0.restart()
            $0.ask(1, pid: 9)
            $0.close(2)
        }
        let (first, second) = (watch.record.idle.rounds[0], watch.record.idle.rounds[1])
        #expect((first.connections, first.survived, first.closedDuringRestart, first.closedAfterAnswer) == (3, 1, 1, 1))
        #expect((second.connections, second.survived, second.closedDuringRestart) == (2, 1, 1))
        #expect(second.answeredByNew == 1)
        #expect(watch.record.addsUp)
        var sum = first
        sum += second
        #expect((sum.connections, sum.survived, sum.answered) == (5, 2, 3))
        #expect(sum.latency.totalCount == 3)
    }

    @Test func closedWithNoRestartNear() {
        var watch = Watch()
        watch.ask(0)
        watch.close(0)
        watch.restart()
        #expect(watch.round.connections == 0)
        #expect(watch.record.tally.total.closed == 1)
    }

    /// Nobody asks between restarts: what an idle connection shows is no gap.
    @Test func idleConnectionsMakeNoGaps() {
        let watch = watch { $0.ask(0, pid: 8, to: 5000) }
        #expect(watch.record.windows.gaps.atRestart == [nil])
        #expect(watch.record.latency.steady.totalCount + watch.record.latency.aroundRestarts.totalCount == 0)
        #expect(watch.round.latency.totalCount == 1)
    }
}
