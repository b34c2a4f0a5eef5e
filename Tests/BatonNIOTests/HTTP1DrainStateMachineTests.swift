import NIOCore
import Testing

@testable import BatonNIO

@Suite final class HTTP1DrainStateMachineTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private static let linger = TimeAmount.milliseconds(250)
    private var machine = HTTP1DrainStateMachine(linger: linger)

    private func after(_ milliseconds: Int64) -> NIODeadline { Self.start + .milliseconds(milliseconds) }

    private func readHead() -> Bool { machine.readHead() }
    private func readBody() -> Bool { machine.readBody() }
    private func readEnd(at now: NIODeadline = start) -> (isWanted: Bool, action: HTTP1DrainStateMachine.Action) {
        machine.readEnd { now }
    }
    private func writeHead(hasUnread: Bool = false) -> Bool { machine.writeHead { hasUnread } }
    private func writeEnd(at now: NIODeadline) -> (isToBeFlushed: Bool, action: HTTP1DrainStateMachine.Action) {
        machine.writeEnd { now }
    }
    private func flushed(at now: NIODeadline) -> HTTP1DrainStateMachine.Action { machine.responseFlushed(now: now) }
    private func decoded(leaving count: Int) -> HTTP1DrainStateMachine.Action {
        machine.decoded(leaving: count) { Self.start }
    }
    private func handOverEnded(
        _ outcome: ConnectionOffer.Outcome,
        at now: NIODeadline
    ) -> HTTP1DrainStateMachine.Action {
        machine.handOverEnded(outcome, now: now)
    }
    private func beginDrain(at now: NIODeadline) -> HTTP1DrainStateMachine.Action { machine.beginDrain(now: now) }
    private func malformed(at now: NIODeadline) -> HTTP1DrainStateMachine.Action { machine.malformed(now: now) }
    private func outputClosed(at now: NIODeadline) -> HTTP1DrainStateMachine.Action { machine.outputClosed(now: now) }
    private func elapse(
        at now: NIODeadline,
        hasUnread: Bool = false,
        hasUnsent: Bool = false
    ) -> HTTP1DrainStateMachine.Action {
        machine.timerElapsed(now: now, hasUnread: hasUnread, hasUnsent: hasUnsent)
    }

    private func request() {
        machine.received(bytes: 100)
        #expect(readHead())
        #expect(readEnd().isWanted)
        _ = decoded(leaving: 0)
    }

    @Test func servingChangesNothing() {
        request()
        #expect(!writeHead())
        let (isLast, action) = writeEnd(at: after(1))
        #expect(!isLast && action == .none)
        #expect(elapse(at: after(10_000)) == .none)
    }

    @Test func anIdleConnectionIsServedForTheLingerAndThenClosed() {
        #expect(beginDrain(at: after(0)) == .schedule(after(250)))
        #expect(elapse(at: after(250)) == .close)
    }

    @Test func aRequestInTheLingerIsAnsweredWithClose() {
        _ = beginDrain(at: after(0))
        request()
        #expect(elapse(at: after(250)) == .none)
        #expect(writeHead())
        #expect(writeEnd(at: after(300)).isToBeFlushed)
        #expect(flushed(at: after(300)) == .halfClose)
        #expect(outputClosed(at: after(300)) == .schedule(after(550)))
        #expect(machine.isReadingToTheEnd)
        #expect(elapse(at: after(550)) == .close)
    }

    @Test func bytesInTheKernelWhenTheLingerEndsAreARequest() {
        _ = beginDrain(at: after(0))
        #expect(elapse(at: after(250), hasUnread: true) == .schedule(after(500)))
        request()
        #expect(writeHead())
    }

    @Test func ofPipelinedRequestsOnlyTheLastAnswerSaysClose() {
        for _ in 0..<10 { request() }
        #expect(beginDrain(at: after(0)) == .none)
        for number in 1...10 {
            #expect(writeHead() == (number == 10))
            #expect(writeEnd(at: after(1)).isToBeFlushed == (number == 10))
        }
    }

    @Test func aRequestStillInTheKernelIsAnsweredToo() {
        request()
        _ = beginDrain(at: after(0))
        #expect(!writeHead(hasUnread: true))
        #expect(writeEnd(at: after(1)).action == .schedule(after(251)))
        request()
        #expect(writeHead())
    }

    @Test func aRequestWhoseHeadIsIncompleteIsWaitedFor() {
        machine.received(bytes: 1)
        #expect(beginDrain(at: after(0)) == .schedule(after(5000)))
        #expect(elapse(at: after(250)) == .schedule(after(5000)))
        #expect(!machine.isIdle)
        request()
        #expect(writeHead())
    }

    @Test func anIncompleteHeadBehindAPipelinedRequestIsWaitedForToo() {
        request()
        _ = decoded(leaving: 1)
        _ = beginDrain(at: after(0))
        #expect(!writeHead())
        #expect(writeEnd(at: after(1)).action == .none)
        #expect(!machine.isIdle)
    }

    /// An early answer: to end the connection now would reset it while its client writes the body.
    @Test func aBodyThatStillArrivesIsReadToItsEnd() {
        #expect(readHead())
        _ = beginDrain(at: after(0))
        #expect(!writeHead())
        #expect(writeEnd(at: after(1)).action == .none)
        #expect(readBody())
        let (isWanted, action) = readEnd(at: after(3000))
        #expect(isWanted)
        #expect(action == .schedule(after(3250)))
        #expect(elapse(at: after(3250)) == .close)
    }

    @Test func whatIsNoHTTPDoesNotHoldTheConnection() {
        machine.received(bytes: 69)
        _ = beginDrain(at: after(0))
        #expect(malformed(at: after(1)) == .schedule(after(251)))
        #expect(writeHead())
        #expect(writeEnd(at: after(1)).isToBeFlushed)
        machine.received(bytes: 100)
        #expect(machine.isIdle)
    }

    @Test func aConnectionTheApplicationHasEndedIsClosed() {
        machine.received(bytes: 69)
        #expect(malformed(at: after(0)) == .none)
        #expect(!writeHead())
        #expect(writeEnd(at: after(0)).action == .none)
        #expect(outputClosed(at: after(0)) == .none)
        #expect(beginDrain(at: after(100)) == .schedule(after(350)))
        #expect(machine.isReadingToTheEnd)
        #expect(elapse(at: after(350), hasUnread: true) == .schedule(after(600)))
        #expect(elapse(at: after(600)) == .close)
    }

    @Test func aRequestAfterTheLastResponseIsNotProcessed() {
        request()
        _ = beginDrain(at: after(0))
        #expect(writeHead())
        #expect(!readHead())
        #expect(!readBody())
        #expect(!readEnd().isWanted)
        #expect(writeEnd(at: after(1)).isToBeFlushed)
    }

    /// Its head had gone out without `Connection: close`, so the client may use the connection again.
    @Test func aResponseBegunBeforeTheDrainIsFollowedByALinger() {
        request()
        #expect(!writeHead())
        #expect(beginDrain(at: after(0)) == .none)
        #expect(writeEnd(at: after(5000)).action == .schedule(after(5250)))
        #expect(elapse(at: after(5250)) == .close)
    }

    @Test func aResponseThatHasNotLeftTheProcessIsWaitedFor() {
        request()
        _ = writeHead()
        _ = writeEnd(at: after(0))
        #expect(beginDrain(at: after(1)) == .schedule(after(251)))
        #expect(elapse(at: after(251), hasUnsent: true) == .schedule(after(501)))
        #expect(elapse(at: after(501)) == .close)
    }

    @Test func aSecondBeginningChangesNothing() {
        _ = beginDrain(at: after(0))
        #expect(beginDrain(at: after(100)) == .none)
    }

    // Where another process takes connections over.

    @Test func anIdleConnectionIsHandedOverAtOnce() {
        machine.offered()
        #expect(beginDrain(at: after(0)) == .handOver)
        #expect(handOverEnded(.moved, at: after(0)) == .close)
        #expect(elapse(at: after(1)) == .none)
    }

    @Test func aPartOfAHeadGoesAlong() {
        machine.offered()
        machine.received(bytes: 5)
        _ = decoded(leaving: 5)
        #expect(beginDrain(at: after(0)) == .handOver)
    }

    /// There may be another request in what was received, of which nobody knows yet.
    @Test func nothingIsHandedOverWhileItIsDecoded() {
        machine.offered()
        _ = beginDrain(at: after(0))
        _ = handOverEnded(.later, at: after(0))
        machine.received(bytes: 200)
        #expect(readHead())
        #expect(readEnd().isWanted)
        #expect(!writeHead())
        let (isToBeFlushed, action) = writeEnd(at: after(1))
        #expect(!isToBeFlushed && action == .schedule(after(251)))
        #expect(decoded(leaving: 3) == .handOver)
    }

    @Test func aConnectionWithARequestGoesAfterItsResponseWhichDoesNotSayClose() {
        machine.offered()
        request()
        #expect(beginDrain(at: after(0)) == .none)
        #expect(!writeHead())
        let (isToBeFlushed, action) = writeEnd(at: after(1))
        #expect(isToBeFlushed && action == .none)
        #expect(flushed(at: after(2)) == .handOver)
    }

    @Test func pipelinedRequestsAreAnsweredFirst() {
        machine.offered()
        request()
        request()
        #expect(beginDrain(at: after(0)) == .none)
        #expect(!writeHead())
        #expect(!writeEnd(at: after(1)).isToBeFlushed)
        #expect(!writeHead())
        #expect(writeEnd(at: after(1)).isToBeFlushed)
        #expect(flushed(at: after(2)) == .handOver)
    }

    /// The successor would not know that the client waits for the end.
    @Test(arguments: [true, false])
    func whatIsToBeClosedIsNotHandedOver(byRequest: Bool) {
        machine.offered()
        _ = machine.readHead(keepsAlive: !byRequest)
        _ = readEnd()
        #expect(beginDrain(at: after(0)) == .none)
        let saysClose = machine.writeHead(keepsAlive: byRequest) { false }
        #expect(saysClose)
        #expect(writeEnd(at: after(1)).isToBeFlushed)
        #expect(flushed(at: after(1)) == .halfClose)
    }

    @Test func whatSwitchesProtocolIsNotHandedOver() {
        machine.offered()
        request()
        machine.switchesProtocol()
        #expect(beginDrain(at: after(0)) == .none)
        _ = writeEnd(at: after(1))
        #expect(flushed(at: after(1)) == .schedule(after(251)))
    }

    @Test func whatCannotBeHandedOverIsDrained() {
        machine.offered()
        #expect(beginDrain(at: after(0)) == .handOver)
        #expect(handOverEnded(.refused, at: after(0)) == .schedule(after(250)))
        #expect(elapse(at: after(250)) == .close)
    }

    @Test func whatHasNoRoomIsTriedAgain() {
        machine.offered()
        #expect(beginDrain(at: after(0)) == .handOver)
        #expect(handOverEnded(.later, at: after(0)) == .schedule(after(10)))
        #expect(elapse(at: after(10), hasUnsent: true) == .schedule(after(20)))
        #expect(elapse(at: after(20)) == .handOver)
    }

    @Test func aRequestThatComesMeanwhileIsAnsweredFirst() {
        machine.offered()
        #expect(beginDrain(at: after(0)) == .handOver)
        #expect(handOverEnded(.later, at: after(0)) == .schedule(after(10)))
        request()
        #expect(elapse(at: after(10)) == .none)
        #expect(!writeHead())
        #expect(writeEnd(at: after(20)).isToBeFlushed)
        #expect(flushed(at: after(20)) == .handOver)
    }
}
