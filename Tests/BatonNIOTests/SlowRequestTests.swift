import NIOCore
import Testing

@testable import BatonNIO

/// A client that sends a request too slowly is not waited for until the deadline.
@Suite final class SlowRequestTests {
    private static let grace = TimeAmount.seconds(5)
    private var machine = HTTP1DrainStateMachine(linger: .milliseconds(250), requestGrace: grace)

    private func after(_ milliseconds: Int64) -> NIODeadline {
        .uptimeNanoseconds(1_000_000_000) + .milliseconds(milliseconds)
    }

    private func receive(_ bytes: Int, leaving: Int, at now: Int64) -> HTTP1DrainStateMachine.Action {
        machine.received(bytes: bytes)
        let instant = after(now)
        return machine.decoded(leaving: leaving) { instant }
    }

    private func elapse(at now: Int64, hasUnread: Bool = false) -> HTTP1DrainStateMachine.Action {
        machine.timerElapsed(now: after(now), hasUnread: hasUnread, hasUnsent: false)
    }

    private func beginDrain(at now: Int64) -> HTTP1DrainStateMachine.Action { machine.beginDrain(now: after(now)) }

    private func readHead() -> Bool { machine.readHead() }

    private func readBody() -> Bool { machine.readBody() }

    private func readEnd(at now: Int64) -> HTTP1DrainStateMachine.Action {
        let instant = after(now)
        return machine.readEnd { instant }.action
    }

    private func outputClosed(at now: Int64) -> HTTP1DrainStateMachine.Action { machine.outputClosed(now: after(now)) }

    @Test func aHeadThatDoesNotGoOnIsGivenUp() {
        #expect(receive(300, leaving: 300, at: 0) == .none)
        #expect(beginDrain(at: 10) == .schedule(after(5010)))
        #expect(elapse(at: 5010) == .giveUp)
    }

    @Test func oneThatBeginsInTheDrainHasItsTimeFromThere() {
        #expect(beginDrain(at: 0) == .schedule(after(250)))
        #expect(receive(1, leaving: 1, at: 200) == .schedule(after(5200)))
        #expect(receive(1, leaving: 2, at: 1200) == .none)
        #expect(
            elapse(at: 5200) == .schedule(after(5450)),
            "a byte is worth two milliseconds, and looks are not more frequent"
        )
        #expect(elapse(at: 5450) == .giveUp)
    }

    @Test func whatGoesOnIsWaitedFor() {
        #expect(readHead())
        #expect(beginDrain(at: 0) == .schedule(after(5000)))
        for second in 1...20 {
            machine.received(bytes: 600)
            #expect(readBody())
            #expect(receive(0, leaving: 0, at: Int64(second) * 1000) == .none)
        }
        #expect(elapse(at: 20_000) == .schedule(after(29_000)))
        #expect(readEnd(at: 21_000) == .none)
        #expect(elapse(at: 29_000) == .none, "its handler may take its time")
    }

    /// The application does not read on: not a matter of the client.
    @Test func whatIsUnreadIsNotTheClientsFault() {
        #expect(readHead())
        #expect(beginDrain(at: 0) == .schedule(after(5000)))
        #expect(elapse(at: 5000, hasUnread: true) == .schedule(after(5250)))
        #expect(elapse(at: 5250) == .giveUp)
    }

    @Test func theRestOfABodyThatHasBeenAnsweredIsWaitedForNoLonger() {
        #expect(readHead())
        _ = machine.beginDrain(now: after(0))
        #expect(outputClosed(at: 100) == .schedule(after(350)))
        #expect(elapse(at: 350) == .schedule(after(600)))
        #expect(elapse(at: 5100) == .giveUp)
    }

    @Test func eachRequestHasItsOwnTime() {
        _ = machine.beginDrain(now: after(0))
        #expect(receive(10, leaving: 10, at: 0) == .schedule(after(5000)))
        machine.received(bytes: 20)
        #expect(readHead())
        #expect(readEnd(at: 4000) == .none)
        // A second one has begun in the same read.
        #expect(receive(0, leaving: 10, at: 4000) == .schedule(after(9000)))
    }
}
