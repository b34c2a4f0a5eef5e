import Testing

@testable import Baton

/// Everything that can happen, in random order, against a model of the processes.
@Suite struct SupervisionModelTests {
    /// The processes as the system would have them, and whoever waits.
    private struct World {
        var supervision: Supervision
        var now = ContinuousClock.now
        /// The processes that live, and whether each has been told to end.
        var alive: [CInt: Bool] = [:]
        var reaped: Set<CInt> = []
        var nextPID: CInt = 1
        var spawned = 0
        var unanswered: Set<Int> = []
        /// Those of them who do not wait for a drain.
        var impatient: Set<Int> = []
        /// How many starts have failed since somebody has asked for one.
        var failures = 0
        var nextRequest = 1
        var isMissing = false
        var hasExited = false
        var hasServed = false
        var random: SplitMix

        init(seed: UInt64) {
            random = SplitMix(state: seed)
            var policy = SupervisionPolicy()
            policy.expectsReady = Bool.random(using: &random)
            policy.queuesRestarts = Bool.random(using: &random)
            policy.maxOld = Int.random(in: 1...4, using: &random)
            policy.killTimeout = .seconds(Int.random(in: 1...30, using: &random))
            policy.killOldDelay = .seconds(Int.random(in: 0...3, using: &random))
            if Bool.random(using: &random) { policy.autoRestartInterval = .seconds(20) }
            supervision = Supervision(policy: policy)
        }

        mutating func tell(_ event: Supervision.Event) {
            carryOut(supervision.handle(event, at: now))
        }

        private mutating func carryOut(_ actions: [Supervision.Action]) {
            for action in actions {
                #expect(!hasExited, "nothing is done after the end: \(action)")
                switch action {
                case .spawn(let generation):
                    spawned += 1
                    #expect(generation == spawned, "each attempt has a number of its own")
                    #expect(supervision.starting == nil, "one start at a time")
                    if isMissing {
                        failures += 1
                        tell(.notStarted(.notExecuted("missing", errno: 2)))
                    } else {
                        alive[nextPID] = false
                        nextPID += 1
                        tell(.started(pid: nextPID - 1))
                    }
                case .signal(let pid, let signal):
                    #expect(!reaped.contains(pid), "\(signal) to a process that is gone: the number may be another's")
                    if alive[pid] != nil {
                        alive[pid] = true
                        if signal == .kill { alive.removeValue(forKey: pid).map { _ in die(pid, status: 9) } }
                    }
                case .answer(let request, _):
                    impatient.remove(request)
                    #expect(unanswered.remove(request) != nil, "each request is answered once")
                case .serving: hasServed = true
                case .exit: hasExited = true
                case .say, .replacing, .keeping, .changed: break
                }
            }
        }

        /// Processes whose end has not been told yet.
        var dead: [(CInt, CInt)] = []

        mutating func die(_ pid: CInt, status: CInt) {
            dead.append((pid, status))
        }

        mutating func step() {
            now += .milliseconds(Int.random(in: 0...400, using: &random))
            if let wake = supervision.wake, wake <= now { tell(.woken) }
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<20:
                let isAsked = Bool.random(using: &random)
                let untilDrained = Bool.random(using: &random)
                if isAsked { unanswered.insert(nextRequest) }
                if isAsked, !untilDrained { impatient.insert(nextRequest) }
                failures = 0
                tell(.restart(isAsked ? nextRequest : nil, untilDrained: untilDrained))
                nextRequest += 1
            case 20..<45:
                if let starting = supervision.starting { tell(.ready(generation: starting.number)) }
            case 45..<50: tell(.ready(generation: Int.random(in: 0...spawned + 1, using: &random)))
            case 50..<55: tell(.spoke(generation: spawned))
            case 55..<60:
                tell(.extended(generation: Int.random(in: 0...spawned, using: &random), by: .seconds(2)))
            case 60..<85:
                // Those that were told to end do so more often.
                guard let (pid, isTold) = alive.sorted(by: { $0.key < $1.key }).randomElement(using: &random),
                    isTold || Int.random(in: 0..<6, using: &random) == 0
                else { break }
                alive[pid] = nil
                die(pid, status: isTold ? 0 : 256)
            case 85..<90: if hasServed { isMissing.toggle() }
            case 90..<99: now += .seconds(Int.random(in: 1...10, using: &random))
            default: tell(.ended(pid: nextPID + 1000, ProcessEnd(status: 0)))
            }
            while !dead.isEmpty {
                let (pid, status) = dead.removeFirst()
                reaped.insert(pid)
                if supervision.starting?.pid == pid { failures += 1 }
                tell(.ended(pid: pid, ProcessEnd(status: status)))
            }
        }

        func check() {
            let known =
                [supervision.current?.pid, supervision.starting?.pid].compactMap { $0 }
                + supervision.old.map(\.pid)
            #expect(Set(known).count == known.count, "a process has one role")
            guard !hasExited else { return }
            #expect(Set(known) == Set(alive.keys), "every process is known, and none that is gone")
            let settling = supervision.old.count { $0.killAt.map { $0 > now + .seconds(5) } ?? true }
            #expect(settling <= supervision.policy.maxOld, "more drain than may")
            if supervision.current == nil, supervision.starting == nil, !supervision.isStopping {
                #expect(supervision.wake != nil, "nobody serves, and nothing is planned")
            }
            // One start was under way when it was asked for.
            if !supervision.policy.queuesRestarts, failures > supervision.policy.attempts + 1 {
                #expect(impatient.isEmpty, "somebody waits although so many starts have failed")
            }
        }
    }

    /// A generator that gives the same numbers for the same seed.
    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    @Test(arguments: 1...40)
    func theInvariantsHold(seed: UInt64) {
        var world = World(seed: seed)
        world.tell(.begin)
        for _ in 0..<500 where !world.hasExited {
            world.step()
            world.check()
        }
        guard !world.hasExited else { return }
        #expect(world.hasServed)

        world.tell(.stop(.term, released: []))
        #expect(world.unanswered.isEmpty, "who waited knows that it stops")
        for _ in 0..<1000 where !world.hasExited { world.step() }
        #expect(world.hasExited, "and it ends")
        #expect(world.alive.isEmpty, "with nobody left")
    }
}
