import Testing

@testable import Baton

@Suite struct DrainTests {
    private let clock = TestClock()

    private func makeDrain() -> Drain<TestClock> { Drain(timeout: .seconds(30), clock: clock) }

    @Test func withoutConnectionsItIsOverAtOnce() {
        var drain = makeDrain()
        #expect(drain.handle(.stopRequested, openConnections: 0) == [.stopAccepting, .scheduleDeadline])
        #expect(drain.handle(.acceptingEnded, openConnections: 0) == [.finish(.drained)])
    }

    @Test func waitsForTheLastConnection() {
        var drain = makeDrain()
        _ = drain.handle(.stopRequested, openConnections: 2)
        #expect(drain.handle(.acceptingEnded, openConnections: 2) == [.announce])
        #expect(drain.handle(.lastConnectionClosed, openConnections: 0) == [.finish(.drained)])
    }

    /// A connection that was on its way when the count fell to zero.
    @Test func aLateConnectionKeepsItOpen() {
        var drain = makeDrain()
        _ = drain.handle(.stopRequested, openConnections: 1)
        _ = drain.handle(.acceptingEnded, openConnections: 1)
        #expect(drain.handle(.lastConnectionClosed, openConnections: 1) == [])
        #expect(drain.handle(.lastConnectionClosed, openConnections: 0) == [.finish(.drained)])
    }

    /// Connections close while accepting ends: nobody may be told before the count is complete.
    @Test func closingBeforeAcceptingHasEndedIsNotTheEnd() {
        var drain = makeDrain()
        _ = drain.handle(.stopRequested, openConnections: 1)
        #expect(drain.handle(.lastConnectionClosed, openConnections: 0) == [])
        #expect(drain.handle(.acceptingEnded, openConnections: 0) == [.finish(.drained)])
    }

    @Test func theDeadlineIsTheTimeoutAfterTheFirstRequest() {
        var drain = makeDrain()
        #expect(drain.deadline == nil)
        _ = drain.handle(.stopRequested, openConnections: 1)
        let deadline = drain.deadline
        #expect(deadline == clock.now.advanced(by: .seconds(30)))
        clock.advance(by: .seconds(10))
        #expect(drain.handle(.stopRequested, openConnections: 1) == [])
        #expect(drain.deadline == deadline)
    }

    @Test func cutsAtTheDeadlineAndWaitsForTheHandlers() {
        var drain = makeDrain()
        _ = drain.handle(.stopRequested, openConnections: 1)
        _ = drain.handle(.acceptingEnded, openConnections: 1)
        clock.advance(by: .seconds(30))
        #expect(drain.handle(.deadlineReached, openConnections: 1) == [.cut, .scheduleDeadline])
        #expect(drain.handle(.lastConnectionClosed, openConnections: 0) == [.finish(.cut)])
    }

    @Test func aHandlerThatNeverReturnsDoesNotKeepItOpen() {
        var drain = makeDrain()
        _ = drain.handle(.stopRequested, openConnections: 1)
        _ = drain.handle(.acceptingEnded, openConnections: 1)
        _ = drain.handle(.deadlineReached, openConnections: 1)
        #expect(drain.handle(.deadlineReached, openConnections: 1) == [.finish(.abandoned)])
    }

    @Test func anAcceptLoopThatDoesNotEndDoesNotKeepItOpen() {
        var drain = makeDrain()
        _ = drain.handle(.stopRequested, openConnections: 1)
        #expect(drain.handle(.deadlineReached, openConnections: 1) == [.scheduleDeadline])
        #expect(drain.handle(.deadlineReached, openConnections: 1) == [.cut, .finish(.abandoned)])
    }

    /// No connection may be on its way when the rest is cut: it would be nobody's.
    @Test func aDeadlineBeforeAcceptingHasEndedCutsWhenItHas() {
        var drain = makeDrain()
        _ = drain.handle(.stopRequested, openConnections: 1)
        #expect(drain.handle(.deadlineReached, openConnections: 1) == [.scheduleDeadline])
        #expect(drain.handle(.acceptingEnded, openConnections: 1) == [.cut, .scheduleDeadline])
        #expect(drain.handle(.lastConnectionClosed, openConnections: 0) == [.finish(.cut)])
    }

    @Test func cancellingCutsAtOnceWheneverItComes() {
        var serving = makeDrain()
        #expect(serving.handle(.cancelled, openConnections: 1) == [.stopAccepting, .scheduleDeadline])
        #expect(serving.handle(.acceptingEnded, openConnections: 1) == [.cut, .scheduleDeadline])
        var ending = makeDrain()
        _ = ending.handle(.stopRequested, openConnections: 1)
        #expect(ending.handle(.cancelled, openConnections: 1) == [.scheduleDeadline])
        #expect(ending.handle(.acceptingEnded, openConnections: 1) == [.cut, .scheduleDeadline])
        var draining = makeDrain()
        _ = draining.handle(.stopRequested, openConnections: 1)
        _ = draining.handle(.acceptingEnded, openConnections: 1)
        #expect(draining.handle(.cancelled, openConnections: 1) == [.cut, .scheduleDeadline])
        #expect(draining.handle(.cancelled, openConnections: 1) == [])
    }

    @Test func nothingHappensBeforeItIsAskedOrAfterItsEnd() {
        var drain = makeDrain()
        for event in [Drain<TestClock>.Event.acceptingEnded, .lastConnectionClosed, .deadlineReached] {
            #expect(drain.handle(event, openConnections: 0) == [])
        }
        _ = drain.handle(.stopRequested, openConnections: 0)
        _ = drain.handle(.acceptingEnded, openConnections: 0)
        for event in [Drain<TestClock>.Event.stopRequested, .lastConnectionClosed, .deadlineReached] {
            #expect(drain.handle(event, openConnections: 0) == [])
        }
    }
}
