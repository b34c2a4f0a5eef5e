import NIOCore
import NIOHTTP1
import Testing

@testable import BatonCommand

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The client's loop without sockets, timers or a clock.
struct ClientMachineTests {
    @Test func aNewConnectionForEachRequest() {
        var client = Machine(.newConnection)
        #expect(client.send(.due, at: 0) == [.issued, .connect])
        #expect(client.send(.connected, at: 1) == [.write(.head), .write(.end)])
        let actions = client.answer(at: 5)
        #expect(actions.outcome?.kind == .ok)
        #expect(actions.outcome?.latency == .milliseconds(5))
        #expect(actions.outcome?.pid == 7)
        #expect(actions.dropFirst() == [.leaveToServer, .next(at: .milliseconds(5))])
        #expect(client.send(.due, at: 5) == [.issued, .connect])
    }

    @Test func aConnectionIsKept() {
        var client = Machine(.keepAlive)
        client.connect()
        #expect(client.answer(at: 5).dropFirst() == [.next(at: .milliseconds(5))])
        #expect(client.send(.due, at: 5) == [.issued, .write(.head), .write(.end)])
        let actions = client.answer(at: 7)
        #expect(actions.outcome?.latency == .milliseconds(2))
    }

    @Test(
        arguments: [
            (["Connection": "close", "Content-Length": "0"], .announced), (HTTPHeaders(), .unannounced),
            (["Connection": "Keep-Alive, Close"], .announced),
        ] as [(HTTPHeaders, ServerClose)]
    )
    func aResponseThatEndsTheConnectionIsNoFailure(headers: HTTPHeaders, close: ServerClose) {
        var client = Machine(.keepAlive)
        client.connect()
        let actions = client.answer(at: 5, headers: headers)
        #expect(actions.outcome?.kind == .ok)
        #expect(actions.contains(.leaveToServer))
        #expect(actions.closes == [close])
        #expect(client.send(.connectionEnded(.endOfFile), at: 5).isEmpty)
        #expect(client.send(.due, at: 5) == [.issued, .connect])
    }

    @Test func anErrorCanAnnounceTheCloseToo() {
        var client = Machine(.keepAlive)
        client.connect()
        let headers: HTTPHeaders = ["Connection": "close", "Content-Length": "5"]
        #expect(client.answer(at: 5, status: .serviceUnavailable, headers: headers).closes == [.announced])
    }

    @Test(arguments: [ProbeMode.newConnection, .connectPause, .long])
    func theCloseThatTheClientAskedForIsNotTheServers(mode: ProbeMode) {
        var client = Machine(mode)
        client.connect()
        _ = client.send(.pauseOver, at: 1)
        #expect(client.answer(at: 5, headers: ["Connection": "close", "Content-Length": "5"]).closes.isEmpty)
    }

    @Test func theClientsOwnCloseIsNotTheServers() {
        var waiting = Machine(.keepAlive)
        waiting.connect()
        #expect(waiting.send(.deadline, at: 1000).closes.isEmpty)
        var wrong = Machine(.keepAlive)
        wrong.connect()
        #expect(wrong.answer(at: 1, status: .notFound).closes.isEmpty)
    }

    @Test func closedWhileIdleIsCountedApart() {
        var client = Machine(.keepAlivePause, thinkTime: .milliseconds(100))
        client.connect()
        #expect(client.answer(at: 5).last == .next(at: .milliseconds(105)))
        #expect(
            client.send(.connectionEnded(.endOfFile), at: 50) == [
                .close, .closed(.unannounced), .note(.keepAliveBeforeWritten),
            ]
        )
        #expect(client.send(.due, at: 105) == [.issued, .connect])
    }

    @Test func resetWhileIdleIsAFailureWithARequestOfItsOwn() {
        var client = Machine(.keepAlivePause)
        client.connect()
        _ = client.answer(at: 5)
        let actions = client.send(.connectionEnded(.failed(errno: ECONNRESET)), at: 50)
        #expect(actions.prefix(2) == [.closed(.unannounced), .issued])
        #expect(actions.outcome?.kind == .reset)
    }

    @Test(arguments: [ClientMachine.Event.received(10), .malformed("unsolicited")])
    func bytesWhileIdleAreAFailureWithARequestOfTheirOwn(event: ClientMachine.Event) {
        var client = Machine(.keepAlivePause)
        client.connect()
        _ = client.answer(at: 5)
        let actions = client.send(event, at: 50)
        #expect(actions.first == .issued)
        #expect(actions.outcome?.kind == .other)
        #expect(actions.contains(.close))
        #expect(client.send(event, at: 51).isEmpty)
    }

    @Test(arguments: [ConnectionEnd.endOfFile, .failed(errno: EPIPE)])
    func closedAfterWritten(end: ConnectionEnd) {
        var reused = Machine(.keepAlive)
        reused.connect()
        _ = reused.answer(at: 1)
        _ = reused.send(.due, at: 1)
        let actions = reused.send(.connectionEnded(end), at: 2)
        #expect(actions.outcome?.kind == .keepAliveClosedAfterWritten)
        #expect(actions.closes == [.unannounced])

        var fresh = Machine(.keepAlive)
        fresh.connect()
        #expect(fresh.send(.connectionEnded(end), at: 2).outcome?.kind == .emptyReply)

        var partly = Machine(.keepAlive)
        partly.connect()
        _ = partly.send(.received(1), at: 1)
        #expect(partly.send(.connectionEnded(end), at: 2).outcome?.kind == .truncated)
    }

    @Test func resetAfterWritten() {
        var client = Machine(.newConnection)
        client.connect()
        _ = client.send(.received(1), at: 1)
        #expect(client.send(.connectionEnded(.failed(errno: ECONNRESET)), at: 2).outcome?.kind == .reset)
    }

    @Test(arguments: [
        (ECONNREFUSED, OutcomeKind.refused), (ETIMEDOUT, .connectTimeout), (ECONNRESET, .reset),
        (EADDRNOTAVAIL, .other),
    ])
    func failuresToConnect(errno: CInt, kind: OutcomeKind) {
        var client = Machine(.newConnection)
        _ = client.send(.due, at: 0)
        let actions = client.send(.connectFailed(.failed(errno: errno)), at: 1)
        #expect(actions.outcome?.kind == kind)
        #expect(actions.outcome?.detail.contains("errno \(errno)") == true)
        #expect(actions.last == .next(at: .milliseconds(11)))
    }

    @Test func closedBetweenConnectAndRequestIsCountedApart() {
        var client = Machine(.connectPause)
        _ = client.send(.due, at: 0)
        #expect(client.send(.connected, at: 1) == [.pause(.milliseconds(100))])
        #expect(
            client.send(.connectionEnded(.endOfFile), at: 51)
                == [.close, .closed(.unannounced), .note(.freshBeforeWritten), .connect]
        )
        #expect(client.send(.pauseOver, at: 52).isEmpty)
        #expect(client.send(.connected, at: 53) == [.pause(.milliseconds(100))])
        #expect(client.send(.pauseOver, at: 153) == [.write(.head), .write(.end)])
        let actions = client.answer(at: 160)
        #expect(actions.outcome?.kind == .ok)
        // 160 ms less the two pauses, of 50 and 100 ms.
        #expect(actions.outcome?.latency == .milliseconds(10))
    }

    @Test func resetBetweenConnectAndRequestIsAFailure() {
        var client = Machine(.connectPause)
        client.connect()
        #expect(client.send(.connectionEnded(.failed(errno: ECONNRESET)), at: 5).outcome?.kind == .reset)
    }

    @Test func aSlowBodyComesInPieces() {
        var client = Machine(.slowBody, pieces: 2)
        _ = client.send(.due, at: 0)
        #expect(client.send(.connected, at: 0) == [.pause(.milliseconds(20)), .sending, .write(.head)])
        #expect(client.send(.pauseOver, at: 20) == [.pause(.milliseconds(20)), .write(.piece(0))])
        #expect(client.send(.pauseOver, at: 40) == [.sent, .write(.piece(1)), .write(.end)])
        #expect(client.send(.pauseOver, at: 60).isEmpty)
        #expect(!client.answer(at: 70).contains(.close))
    }

    @Test func anAnswerBeforeTheWholeBodyEndsTheConnection() {
        var client = Machine(.slowBody, pieces: 2)
        client.connect()
        let actions = client.answer(at: 5, status: .serviceUnavailable)
        #expect(actions.outcome?.kind == .serverError)
        #expect(actions.contains(.close))
    }

    @Test func deadlines() {
        var connecting = Machine(.newConnection)
        _ = connecting.send(.due, at: 0)
        #expect(connecting.send(.deadline, at: 999).isEmpty)
        #expect(connecting.send(.deadline, at: 1000).outcome?.kind == .connectTimeout)
        #expect(connecting.send(.deadline, at: 2000).isEmpty)

        var waiting = Machine(.newConnection)
        waiting.connect()
        #expect(waiting.send(.deadline, at: 1000).outcome?.kind == .timeout)

        var holding = Machine(.connectPause)
        holding.connect()
        #expect(holding.send(.deadline, at: 1000).outcome?.kind == .timeout)
    }

    @Test(arguments: [
        (HTTPResponseStatus.internalServerError, OutcomeKind.serverError), (.serviceUnavailable, .serverError),
        (.notFound, .unexpectedStatus), (.noContent, .unexpectedStatus), (.ok, .ok),
    ])
    func statuses(status: HTTPResponseStatus, kind: OutcomeKind) {
        var client = Machine(.newConnection)
        client.connect()
        #expect(client.answer(at: 1, status: status).outcome?.kind == kind)
    }

    @Test func requestsAreSpaced() {
        var client = Machine(.newConnection, spacing: .milliseconds(20))
        client.connect()
        #expect(client.answer(at: 5).last == .next(at: .milliseconds(20)))
        _ = client.send(.due, at: 20)
        _ = client.send(.connected, at: 20)
        #expect(client.answer(at: 50).last == .next(at: .milliseconds(50)))
    }

    @Test func stoppingCompletesTheRequestUnderWay() {
        var client = Machine(.keepAlive)
        client.connect()
        #expect(client.send(.stop, at: 1).isEmpty)
        let actions = client.answer(at: 2)
        #expect(actions.outcome?.kind == .ok)
        #expect(actions.dropFirst() == [.close, .finished])
        #expect(client.send(.due, at: 3).isEmpty)
    }

    @Test func stoppingWhileIdleEndsAtOnce() {
        var client = Machine(.keepAlive)
        client.connect()
        _ = client.answer(at: 1)
        #expect(client.send(.stop, at: 2) == [.close, .finished])
        #expect(client.send(.stop, at: 3).isEmpty)
        #expect(client.send(.abandon, at: 3).isEmpty)
    }

    @Test func abandoningRecordsTheRequestUnderWay() {
        var client = Machine(.keepAlive)
        client.connect()
        let actions = client.send(.abandon, at: 1)
        #expect(actions.outcome?.kind == .abandoned)
        #expect(actions.suffix(2) == [.close, .finished])
    }

    @Test func aRequestThatDripsBeginsWithItsFirstByte() {
        var client = Machine(.drip, pieces: 3, firstBurst: 2, burst: 1)
        _ = client.send(.due, at: 0)
        #expect(
            client.send(.connected, at: 0)
                == [.pause(.milliseconds(20)), .sending, .write(.head), .write(.piece(0)), .write(.piece(1))]
        )
        #expect(client.send(.pauseOver, at: 20) == [.sent, .write(.piece(2)), .write(.end)])
        #expect(client.answer(at: 30).last == .next(at: .milliseconds(30)))
        // Only the first request of a client has a start.
        #expect(
            client.send(.due, at: 30)
                == [.issued, .pause(.milliseconds(20)), .sending, .write(.head), .write(.piece(0))]
        )
        #expect(client.send(.connectionEnded(.endOfFile), at: 31).outcome?.kind == .keepAliveClosedAfterWritten)
    }

    @Test func aStartCanBeAllOfARequest() {
        var client = Machine(.drip, pieces: 2, firstBurst: 2, burst: 1)
        _ = client.send(.due, at: 0)
        #expect(
            client.send(.connected, at: 0)
                == [.write(.head), .write(.piece(0)), .write(.piece(1)), .write(.end)]
        )
        #expect(client.answer(at: 1).outcome?.kind == .ok)
    }

    @Test func theWaitForAConnectionCountsInAnOpenLoop() {
        var client = Machine(.keepAlive, isOpenLoop: true)
        #expect(client.send(.send(due: .milliseconds(10)), at: 50) == [.connect])
        #expect(client.send(.connected, at: 51) == [.write(.head), .write(.end)])
        let first = client.answer(at: 60)
        #expect(first.outcome?.latency == .milliseconds(50))
        #expect(first.last == .free)
        #expect(client.send(.send(due: .milliseconds(55)), at: 60) == [.write(.head), .write(.end)])
        #expect(client.send(.deadline, at: 1054).isEmpty)
        let second = client.send(.deadline, at: 1055)
        #expect(second.outcome?.kind == .timeout)
        #expect(second.last == .free)
    }

    @Test func whatHappensToAnIdleConnectionFreesNobodyInAnOpenLoop() {
        var client = Machine(.keepAlive, isOpenLoop: true)
        _ = client.send(.send(due: .zero), at: 0)
        _ = client.send(.connected, at: 1)
        _ = client.answer(at: 5)
        let actions = client.send(.connectionEnded(.failed(errno: ECONNRESET)), at: 50)
        #expect(actions.outcome?.kind == .reset)
        #expect(!actions.contains(.free))
        #expect(client.send(.send(due: .milliseconds(60)), at: 60) == [.connect])
    }

    @Test func anIdleConnectionIsAskedWhenItIsOrdered() {
        var client = Machine(.idle)
        #expect(client.send(.ask, at: 0).isEmpty)
        #expect(client.send(.open, at: 0) == [.issued, .connect])
        #expect(client.send(.ask, at: 0).isEmpty)
        #expect(client.send(.connected, at: 0) == [.write(.head), .write(.end)])
        let first = client.answer(at: 5)
        #expect(first.map(\.isRecord) == [true])
        #expect(client.send(.open, at: 6).isEmpty)
        #expect(client.send(.ask, at: 50) == [.issued, .write(.head), .write(.end)])
        #expect(client.answer(at: 53).outcome?.latency == .milliseconds(3))
    }

    @Test func anIdleConnectionThatIsClosedIsNotOpenedToBeAsked() {
        var client = Machine(.idle)
        _ = client.send(.open, at: 0)
        _ = client.send(.connected, at: 0)
        _ = client.answer(at: 5)
        #expect(client.send(.connectionEnded(.endOfFile), at: 6).closes == [.unannounced])
        #expect(client.send(.ask, at: 7).isEmpty)
        #expect(client.send(.open, at: 8) == [.issued, .connect])
        #expect(client.send(.connectFailed(.failed(errno: ECONNREFUSED)), at: 9).map(\.isRecord) == [true, false])
    }

    /// Whatever events come in whatever order: no request is recorded twice, and none that was not issued.
    @Test(arguments: 0..<200) func accountsForEveryRequest(seed: Int) {
        var random = SplitMix(state: UInt64(seed))
        let mode = ProbeMode.allCases[seed % ProbeMode.allCases.count]
        var client = Machine(mode, pieces: mode.sendsInPieces ? 2 : 0, burst: mode == .drip ? 1 : 0)
        var (issued, recorded, finished, open, closed) = (0, 0, 0, 0, 0)
        // Not expected of each action: that would keep the machine from all other tests for seconds.
        var isSound = true
        func count(_ actions: [ClientMachine.Action]) {
            for action in actions {
                switch action {
                case .issued: issued += 1
                case .record: recorded += 1
                case .finished: finished += 1
                case .connect: open += 1
                case .closed: closed += 1
                default: break
                }
                isSound = isSound && (0...1).contains(issued - recorded) && closed <= open
            }
        }
        let events: [ClientMachine.Event] = [
            .due, .due, .open, .ask, .connected, .connected, .pauseOver, .connectFailed(.failed(errno: ECONNREFUSED)),
            .received(3),
            .head(HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Content-Length": "5"])),
            .body(ByteBuffer(string: "pid 7")), .responseEnd, .malformed("x"), .connectionEnded(.endOfFile),
            .connectionEnded(.failed(errno: ECONNRESET)), .deadline,
        ]
        for step in 0..<300 {
            count(client.send(events[Int(random.next() % UInt64(events.count))], at: Int64(step * 100)))
        }
        count(client.send(.abandon, at: 100_000))
        #expect(isSound)
        #expect(issued == recorded)
        #expect(finished == 1)
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// A machine with times in milliseconds.
private struct Machine {
    private var machine: ClientMachine

    init(
        _ mode: ProbeMode,
        pieces: Int = 0,
        firstBurst: Int = 0,
        burst: Int = 0,
        thinkTime: Duration = .zero,
        spacing: Duration = .zero,
        isOpenLoop: Bool = false
    ) {
        machine = ClientMachine(
            ClientMachine.Settings(
                mode: mode,
                expected: .pid,
                pieces: pieces,
                firstBurst: firstBurst,
                burst: burst,
                thinkTime: thinkTime,
                connectPause: .milliseconds(100),
                piecePause: .milliseconds(20),
                spacing: spacing,
                isOpenLoop: isOpenLoop,
                timeout: .seconds(1)
            )
        )
    }

    mutating func send(_ event: ClientMachine.Event, at time: Int64) -> [ClientMachine.Action] {
        machine.handle(event, at: .milliseconds(time))
    }

    mutating func connect() {
        _ = send(.due, at: 0)
        _ = send(.connected, at: 0)
    }

    mutating func answer(
        at time: Int64,
        status: HTTPResponseStatus = .ok,
        headers: HTTPHeaders = ["Content-Length": "5"]
    ) -> [ClientMachine.Action] {
        _ = send(.received(60), at: time)
        _ = send(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)), at: time)
        _ = send(.body(ByteBuffer(string: "pid 7")), at: time)
        return send(.responseEnd, at: time)
    }
}

extension ClientMachine.Action {
    fileprivate var isRecord: Bool {
        if case .record = self { true } else { false }
    }
}

extension [ClientMachine.Action] {
    fileprivate var closes: [ServerClose] {
        compactMap { action in
            if case .closed(let close) = action { close } else { nil }
        }
    }

    fileprivate var outcome: Outcome? {
        for case .record(let outcome) in self { return outcome }
        return nil
    }
}
