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
    private func writeEnd(at now: NIODeadline) -> (isLast: Bool, action: HTTP1DrainStateMachine.Action) {
        machine.writeEnd { now }
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
        #expect(writeEnd(at: after(300)).isLast)
        #expect(machine.lastResponseFlushed() == .halfClose)
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
            #expect(writeEnd(at: after(1)).isLast == (number == 10))
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
        #expect(writeEnd(at: after(1)).isLast)
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

    /// Whatever comes in whichever order: while it drains, a request is under way or a timer runs.
    @Test(arguments: 0..<200)
    func aDrainingConnectionIsNeverLeftAlone(seed: Int) {
        var random = Seeded(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1)
        var (now, timer, isClosed): (NIODeadline, NIODeadline?, Bool) = (Self.start, nil, false)
        func note(_ action: HTTP1DrainStateMachine.Action) {
            switch action {
            case .none: break
            case .schedule(let instant): timer = instant
            case .halfClose: note(machine.outputClosed(now: now))
            case .close: isClosed = true
            }
        }
        for step in 0..<60 where !isClosed {
            now = now + .milliseconds(Int64.random(in: 0...100, using: &random))
            if let due = timer, due <= now {
                timer = nil
                note(machine.timerElapsed(now: now, hasUnread: Bool.random(using: &random), hasUnsent: false))
            }
            if step == 20 { note(machine.beginDrain(now: now)) }
            switch Int.random(in: 0..<7, using: &random) {
            case 0 where !machine.isReadingBody: machine.received(bytes: 5)
            case 1 where !machine.isReadingBody: _ = machine.readHead()
            case 2 where machine.isReadingBody: _ = machine.readBody()
            case 3 where machine.isReadingBody: note(machine.readEnd { now }.action)
            case 4 where machine.unanswered > 0 && !machine.isResponding:
                _ = machine.writeHead { Bool.random(using: &random) }
            case 5 where machine.isResponding:
                let (isLast, action) = machine.writeEnd { now }
                note(isLast ? machine.lastResponseFlushed() : action)
            case 6 where !machine.isReadingBody && step % 13 == 0: note(machine.malformed(now: now))
            default: break
            }
            guard step >= 20, !isClosed else { continue }
            let isUnderWay = machine.unanswered > 0 || machine.isReadingBody || machine.headBytes > 0
            #expect(isUnderWay || timer != nil, "after step \(step)")
        }
    }

    private struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    @Test func aRequestAfterTheLastResponseIsNotProcessed() {
        request()
        _ = beginDrain(at: after(0))
        #expect(writeHead())
        #expect(!readHead())
        #expect(!readBody())
        #expect(!readEnd().isWanted)
        #expect(writeEnd(at: after(1)).isLast)
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
}
