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
    private func readEnd() -> Bool { machine.readEnd() }
    private func writeHead(hasUnread: Bool = false) -> Bool { machine.writeHead { hasUnread } }
    private func writeEnd(at now: NIODeadline) -> (isLast: Bool, action: HTTP1DrainStateMachine.Action) {
        machine.writeEnd { now }
    }
    private func beginDrain(at now: NIODeadline) -> HTTP1DrainStateMachine.Action { machine.beginDrain(now: now) }
    private func elapse(
        at now: NIODeadline,
        hasUnread: Bool = false,
        hasUnsent: Bool = false
    ) -> HTTP1DrainStateMachine.Action {
        machine.lingerElapsed(now: now, hasUnread: hasUnread, hasUnsent: hasUnsent)
    }

    private func request() {
        machine.received(bytes: 100)
        #expect(readHead())
        #expect(readEnd())
    }

    @Test func servingChangesNothing() {
        request()
        #expect(!writeHead())
        let (isLast, action) = writeEnd(at: after(1))
        #expect(!isLast && action == .none)
        #expect(elapse(at: after(10_000)) == .none)
    }

    @Test func anIdleConnectionIsServedForTheLingerAndThenClosed() {
        #expect(beginDrain(at: after(0)) == .scheduleLinger(until: after(250)))
        #expect(elapse(at: after(250)) == .close)
    }

    @Test func aRequestInTheLingerIsAnsweredWithClose() {
        _ = beginDrain(at: after(0))
        request()
        #expect(elapse(at: after(250)) == .none)
        #expect(writeHead())
        #expect(writeEnd(at: after(300)).isLast)
        #expect(machine.lastResponseFlushed(now: after(300)) == .halfClose(thenCloseAt: after(550)))
        #expect(elapse(at: after(550)) == .close)
    }

    @Test func bytesInTheKernelWhenTheLingerEndsAreARequest() {
        _ = beginDrain(at: after(0))
        #expect(elapse(at: after(250), hasUnread: true) == .none)
        request()
        #expect(writeHead())
    }

    @Test func ofPipelinedRequestsOnlyTheLastAnswerSaysClose() {
        for _ in 0..<10 { request() }
        #expect(beginDrain(at: after(0)) == .none)
        for number in 1...10 {
            #expect(writeHead() == (number == 10))
            #expect(writeEnd(at: after(1)).isLast == (number == 10))
        }
    }

    @Test func aRequestStillInTheKernelIsAnsweredToo() {
        request()
        _ = beginDrain(at: after(0))
        #expect(!writeHead(hasUnread: true))
        #expect(writeEnd(at: after(1)).action == .scheduleLinger(until: after(251)))
        request()
        #expect(writeHead())
    }

    @Test func aRequestWhoseHeadIsIncompleteIsWaitedFor() {
        machine.received(bytes: 1)
        #expect(beginDrain(at: after(0)) == .none)
        #expect(elapse(at: after(250)) == .none)
        #expect(!machine.isIdle)
        request()
        #expect(writeHead())
    }

    @Test func anIncompleteHeadBehindAPipelinedRequestIsWaitedForToo() {
        request()
        machine.decoded(leaving: 1)
        _ = beginDrain(at: after(0))
        #expect(!writeHead())
        #expect(writeEnd(at: after(1)).action == .none)
        #expect(!machine.isIdle)
    }

    @Test func aBodyThatStillArrivesIsPassedOnBehindTheLastResponse() {
        #expect(readHead())
        _ = beginDrain(at: after(0))
        #expect(writeHead())
        #expect(readBody())
        #expect(readEnd())
        #expect(writeEnd(at: after(3)).isLast)
    }

    @Test func aRequestAfterTheLastResponseIsNotProcessed() {
        request()
        _ = beginDrain(at: after(0))
        #expect(writeHead())
        #expect(!readHead())
        #expect(!readBody())
        #expect(!readEnd())
        #expect(writeEnd(at: after(1)).isLast)
    }

    /// Its head had gone out without `Connection: close`, so the client may use the connection again.
    @Test func aResponseBegunBeforeTheDrainIsFollowedByALinger() {
        request()
        #expect(!writeHead())
        #expect(beginDrain(at: after(0)) == .none)
        #expect(writeEnd(at: after(5000)).action == .scheduleLinger(until: after(5250)))
        #expect(elapse(at: after(5250)) == .close)
    }

    @Test func aResponseThatHasNotLeftTheProcessIsWaitedFor() {
        request()
        _ = writeHead()
        _ = writeEnd(at: after(0))
        #expect(beginDrain(at: after(1)) == .scheduleLinger(until: after(251)))
        #expect(elapse(at: after(251), hasUnsent: true) == .scheduleLinger(until: after(501)))
        #expect(elapse(at: after(501)) == .close)
    }

    @Test func aSecondBeginningChangesNothing() {
        _ = beginDrain(at: after(0))
        #expect(beginDrain(at: after(100)) == .none)
    }
}
