import NIOCore
import Testing

@testable import BatonNIO

/// Whatever comes in whichever order, a million steps of it: no connection is left alone, none is given away with a request in it, and
/// none that could be given away says that it ends.
@Suite struct DrainFuzzTests {
    private static let rounds = 10_000

    @Test(.timeLimit(.minutes(2)), arguments: 0..<8)
    func theInvariantsHold(seed: Int) async throws {
        // On a thread of its own: other tests want to run.
        try await blocking {
            for round in 0..<Self.rounds / 8 {
                var connection = Model(seed: seed * Self.rounds + round)
                for step in 0..<100 where !connection.isOver {
                    connection.step()
                    guard let broken = connection.broken else { continue }
                    throw Broken(description: "seed \(seed), round \(round), step \(step): \(broken)")
                }
                connection.end()
                if !connection.isOver { throw Broken(description: "seed \(seed), round \(round): it never ends") }
            }
        }
    }

    private struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    /// One connection, its client and its application.
    private struct Model {
        private var random: Seeded
        private var machine: HTTP1DrainStateMachine
        private var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        private var timer: NIODeadline?
        private var isOffered = false
        private var hasBegun = false
        /// A request or a response has said that the connection ends.
        private var saysLast = false
        private var isUpgraded = false
        private var isMalformed = false
        /// What was received is being decoded: more requests may be in it.
        private var isDecoding = false
        /// A response has been written and has not left the process.
        private var isUnflushed = false
        private(set) var isOver = false
        private(set) var broken: String?

        init(seed: Int) {
            random = Seeded(seed)
            machine = HTTP1DrainStateMachine(linger: .milliseconds(Int64.random(in: 0...250, using: &random)))
        }

        mutating func step() {
            now = now + .milliseconds(Int64.random(in: 0...60, using: &random))
            if let due = timer, due <= now {
                timer = nil
                take(machine.timerElapsed(now: now, hasUnread: chance(4), hasUnsent: isUnflushed))
            }
            guard !isOver else { return }
            switch Int.random(in: 0..<12, using: &random) {
            case 0 where !isDecoding: receive()
            case 1,
                10 where isDecoding && !machine.isReadingBody && !isMalformed && !isUpgraded:
                readHead()
            case 2 where isDecoding && machine.isReadingBody: _ = machine.readBody()
            case 3 where isDecoding && machine.isReadingBody: take(machine.readEnd { [now] in now }.action)
            case 11 where isDecoding: endDecoding()
            case 4 where machine.unanswered > 0 && !machine.isResponding: writeHead()
            case 5 where machine.isResponding: writeEnd()
            case 6 where isUnflushed: flush()
            case 7 where isDecoding && !machine.isReadingBody && chance(10): malformed()
            case 8 where !hasBegun && chance(3): begin()
            case 9 where chance(40): take(machine.outputClosed(now: now))
            default: break
            }
            check()
        }

        /// The application answers, the client is silent: then it ends by itself.
        mutating func end() {
            if !hasBegun { begin() }
            for _ in 0..<400 where !isOver {
                if machine.isReadingBody { take(machine.readEnd { [now] in now }.action) }
                if isDecoding { endDecoding() }
                if machine.unanswered > 0, !machine.isResponding { writeHead() }
                if machine.isResponding { writeEnd() }
                if isUnflushed { flush() }
                // What is not complete is the deadline's, or a malformed head's.
                if machine.headBytes > 0, timer == nil { malformed() }
                guard let due = timer, !isOver else { continue }
                timer = nil
                now = max(now, due)
                take(machine.timerElapsed(now: now, hasUnread: false, hasUnsent: isUnflushed))
            }
        }

        private mutating func begin() {
            if chance(2) {
                machine.offered()
                isOffered = true
            }
            hasBegun = true
            take(machine.beginDrain(now: now))
            take(machine.beginDrain(now: now))
        }

        private mutating func receive() {
            isDecoding = true
            machine.received(bytes: Int.random(in: 1...80, using: &random))
        }

        private mutating func endDecoding() {
            isDecoding = false
            let left = machine.isReadingBody || isMalformed ? 0 : chance(2) ? 7 : 0
            take(machine.decoded(leaving: left) { [now] in now })
        }

        private mutating func readHead() {
            let keepsAlive = !chance(8)
            if machine.readHead(keepsAlive: keepsAlive), !keepsAlive { saysLast = true }
            if !keepsAlive { saysLast = true }
        }

        private mutating func writeHead() {
            let keepsAlive = !chance(8)
            if !keepsAlive { saysLast = true }
            if chance(20) {
                machine.switchesProtocol()
                isUpgraded = true
            }
            let (wasRefused, hasUnread) = (!isOffered, chance(3))
            let saysClose = machine.writeHead(keepsAlive: keepsAlive) { hasUnread }
            if saysClose, !wasRefused, !saysLast, !isUpgraded, !isMalformed {
                broken = "a connection that can be handed over says that it ends"
            }
        }

        private mutating func writeEnd() {
            isUnflushed = true
            let (isToBeFlushed, action) = machine.writeEnd { [now] in now }
            take(action)
            if isToBeFlushed, chance(2) { flush(told: true) } else if !isToBeFlushed { isUnflushed = false }
        }

        private mutating func flush(told: Bool = true) {
            isUnflushed = false
            if told { take(machine.responseFlushed(now: now)) }
        }

        private mutating func malformed() {
            isMalformed = true
            take(machine.malformed(now: now))
        }

        private mutating func take(_ action: HTTP1DrainStateMachine.Action) {
            guard !isOver else { return }
            switch action {
            case .none: break
            case .schedule(let instant): timer = instant
            case .halfClose: take(machine.outputClosed(now: now))
            case .close: isOver = true
            case .giveUp:
                if !machine.isReadingBody, machine.headBytes == 0 { broken = "given up, and no request is waited for" }
                isOver = true
            case .handOver: handOver()
            }
        }

        private mutating func handOver() {
            if !isOffered { broken = "handed over, and nobody takes it" }
            if isDecoding { broken = "handed over although there may be a request in what is being decoded" }
            if machine.unanswered > 0 || machine.isReadingBody || machine.isResponding {
                broken = "handed over with a request in it"
            }
            if saysLast || isUpgraded || isMalformed { broken = "handed over although it ends" }
            if isUnflushed {
                // As the handler does.
                take(machine.handOverEnded(.later, now: now))
                return
            }
            switch Int.random(in: 0..<4, using: &random) {
            case 0: take(machine.handOverEnded(.later, now: now))
            case 1:
                isOffered = false
                take(machine.handOverEnded(.refused, now: now))
            default: take(machine.handOverEnded(.moved, now: now))
            }
        }

        private mutating func check() {
            guard hasBegun, !isOver, !isDecoding, broken == nil else { return }
            let isUnderWay = machine.unanswered > 0 || machine.isReadingBody || machine.headBytes > 0 || isUnflushed
            if !isUnderWay, timer == nil { broken = "nothing is under way, and no timer runs" }
        }

        private mutating func chance(_ of: Int) -> Bool { Int.random(in: 0..<of, using: &random) == 0 }
    }
}
