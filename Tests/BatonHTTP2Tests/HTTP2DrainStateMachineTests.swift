import BatonNIO
import NIOCore
import NIOHTTP2
import Testing

@testable import BatonHTTP2

@Suite struct HTTP2DrainStateMachineTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let ping = HTTP2PingData(withInteger: 42)

    @Test func theCensusCountsStreamsAndBytesThatHaveNotBeenSent() {
        var state = HTTP2DrainStateMachine(goAwayLimit: .seconds(1))
        let idle = state.census(requests: 0, unsent: 0, inKernel: 0)
        #expect(idle.requests == 0 && idle.idle == 1)
        let busy = state.census(requests: 3, unsent: 10, inKernel: 0)
        #expect(busy.requests == 3 && busy.idle == 0)
        #expect(state.census(requests: 0, unsent: 10, inKernel: 0).requests == 1)
        #expect(state.census(requests: 3, unsent: 9, inKernel: 0).activity != busy.activity)
        state.moved()
        #expect(state.census(requests: 3, unsent: 10, inKernel: 0).activity != busy.activity)
    }

    @Test func aPingOfTheManagerFromBeforeTheDrainIsGivenUpInIt() {
        var state = HTTP2DrainStateMachine(goAwayLimit: .seconds(1))
        state.wroteGoAway()
        let asked = state.wrotePing(ping, now: start)
        #expect(asked == .none)
        let isNews = state.beginDrain()
        #expect(isNews)
        #expect(state.askedManager(now: start) == .schedule(start + .seconds(1)))
        let end = start + .seconds(1)
        let action = state.timerElapsed(now: end, requests: 1, isSettled: true)
        #expect(action == .acknowledge(ping))
        let isPassedOn = state.acknowledged(ping)
        #expect(!isPassedOn)
    }

    @Test func whatIsNotSentHoldsTheCloseUp() {
        var state = HTTP2DrainStateMachine(goAwayLimit: .seconds(1))
        let whileServing = state.mayCloseGently
        #expect(!whileServing, "then a close is a close")
        let isNews = state.beginDrain()
        #expect(isNews)
        let again = state.beginDrain()
        #expect(!again)
        let inTheDrain = state.mayCloseGently
        #expect(inTheDrain)
        let later = start + .milliseconds(250)
        var actions = [state.beginClose(now: start), state.beginClose(now: start)]
        #expect(actions == [.halfClose(later), .none])
        actions = [false, true].map { state.timerElapsed(now: start, requests: 0, isSettled: $0) }
        #expect(actions == [.schedule(later), .close])
    }

    @Test func theCutClosesAtOnce() {
        var state = HTTP2DrainStateMachine(goAwayLimit: .seconds(1))
        _ = state.beginDrain()
        state.cut()
        let isGentle = state.mayCloseGently
        #expect(!isGentle)
    }
}
