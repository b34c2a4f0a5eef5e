import Testing

@testable import Baton

/// One story for each thing that can happen to generations.
@Suite struct SupervisionTests {
    typealias Action = Supervision.Action

    /// A supervision with a clock of its own, and processes with made-up numbers.
    struct Stage {
        var supervision: Supervision
        var now = ContinuousClock.now
        var nextPID: CInt = 100
        var actions: [Action] = []

        init(_ change: (inout SupervisionPolicy) -> Void = { _ in }) {
            var policy = SupervisionPolicy()
            change(&policy)
            supervision = Supervision(policy: policy)
        }

        /// Lets something happen, and starts what is to be started; returns what was asked for.
        @discardableResult
        mutating func tell(_ event: Supervision.Event) -> [Action] {
            actions = []
            carryOut(supervision.handle(event, at: now))
            return actions
        }

        mutating func carryOut(_ new: [Action]) {
            actions += new
            for case .spawn in new {
                nextPID += 1
                carryOut(supervision.handle(.started(pid: nextPID), at: now))
            }
        }

        /// Lets time pass, waking it whenever it asks for that.
        @discardableResult
        mutating func pass(_ time: Duration) -> [Action] {
            let end = now + time
            var all: [Action] = []
            while let wake = supervision.wake, wake <= end {
                now = max(now, wake)
                all += tell(.woken)
            }
            now = end
            actions = all
            return all
        }

        mutating func end(_ pid: CInt, status: CInt = 0) -> [Action] {
            tell(.ended(pid: pid, ProcessEnd(status: status)))
        }

        var lines: [String] {
            actions.compactMap { if case .say(let line) = $0 { line } else { nil } }
        }
        var signals: [Action] { actions.filter { if case .signal = $0 { true } else { false } } }
        var spawned: Int { actions.count { if case .spawn = $0 { true } else { false } } }
    }

    @Test func withoutAWordAProgramIsReadyWhenItHasLivedForTheInterval() {
        var stage = Stage()
        #expect(stage.tell(.begin).contains(.spawn(generation: 1)))
        stage.pass(.milliseconds(999))
        #expect(stage.supervision.current == nil)
        stage.pass(.milliseconds(1))
        #expect(stage.supervision.current?.number == 1)
        #expect(stage.actions.contains(.serving(generation: 1, pid: 101)))
    }

    @Test func aProgramThatSpeaksIsReadyWhenItSaysSo() {
        var stage = Stage { $0.expectsReady = true }
        stage.tell(.begin)
        stage.pass(.seconds(20))
        #expect(stage.supervision.current == nil)
        stage.tell(.ready(generation: 1))
        #expect(stage.supervision.current?.number == 1)
    }

    @Test func aWordIsEnoughToBeWaitedFor() {
        var stage = Stage()
        stage.tell(.begin)
        stage.tell(.spoke(generation: 1))
        stage.pass(.seconds(59))
        #expect(stage.supervision.current == nil)
        stage.tell(.extended(generation: 1, by: .seconds(30)))
        stage.pass(.seconds(29))
        #expect(stage.signals.isEmpty)
        stage.tell(.ready(generation: 1))
        #expect(stage.supervision.current?.number == 1)
    }

    @Test func aRestartHandsOverInTheWordsOfServerStarter() {
        var stage = Stage { $0.signalOnHUP = Signal(name: "USR1") ?? .hup }
        stage.tell(.begin)
        stage.pass(.seconds(1))
        stage.tell(.restart(nil, untilDrained: false))
        #expect(stage.lines == ["received HUP, spawning a new worker", "starting new worker 102"])
        #expect(stage.supervision.current?.pid == 101, "the old one serves on")
        stage.pass(.seconds(1))
        #expect(
            stage.lines == ["new worker is now running, sending USR1 to old workers:101", "killing old workers"]
        )
        #expect(stage.signals == [.signal(pid: 101, Signal(name: "USR1") ?? .hup)])
        _ = stage.end(101)
        #expect(stage.lines == ["old worker 101 died, status:0"])
        #expect(stage.supervision.old.isEmpty)
    }

    @Test func theDelayBeforeKillingIsNoReasonNotToHearATERM() {
        var stage = Stage { $0.killOldDelay = .seconds(30) }
        stage.tell(.begin)
        stage.pass(.seconds(1))
        stage.tell(.restart(nil, untilDrained: false))
        stage.pass(.seconds(1))
        #expect(stage.lines.last == "sleeping 30 secs before killing old workers")
        stage.tell(.stop(.term, released: []))
        #expect(stage.lines == ["received TERM, sending TERM to all workers:101,102"])
        #expect(stage.signals == [.signal(pid: 101, .term), .signal(pid: 102, .term)])
        _ = stage.end(101)
        #expect(stage.end(102).last == .exit(nil))
    }

    @Test func aMissingProgramTouchesNothing() {
        var stage = Stage()
        stage.tell(.begin)
        stage.pass(.seconds(1))
        let missing = StartFailure.notExecuted("'/x' cannot be executed: No such file or directory", errno: 2)
        var actions = stage.supervision.handle(.restart(7, untilDrained: false), at: stage.now)
        #expect(actions.contains(.spawn(generation: 2)))
        actions = stage.supervision.handle(.notStarted(missing), at: stage.now)
        #expect(actions.contains(.answer(7, missing)))
        #expect(actions.contains(.keeping(missing)))
        #expect(!actions.contains(.changed))
        #expect(stage.supervision.current?.number == 1)
        #expect(stage.pass(.seconds(100)).isEmpty, "and it is not tried again")
    }

    @Test func whatIsNotKnownToBeTheProgramDoesNotTakeOver() {
        var supervision = Supervision(policy: .init())
        supervision.policy.interval = .zero
        let start = ContinuousClock.now
        _ = supervision.handle(.begin, at: start)
        _ = supervision.handle(.started(pid: 101, isProgram: false), at: start)
        #expect(supervision.wake == start + supervision.policy.readyTimeout)
        _ = supervision.handle(.woken, at: start + .seconds(1))
        #expect(supervision.current == nil)
        _ = supervision.handle(.executed(pid: 101), at: start + .seconds(2))
        #expect(supervision.wake == start + .seconds(2))
        _ = supervision.handle(.woken, at: start + .seconds(2))
        #expect(supervision.current?.pid == 101)
    }

    @Test func aMissingProgramAtTheStartIsTheEnd() {
        var supervision = Supervision(policy: .init())
        let missing = StartFailure.notExecuted("no", errno: 2)
        _ = supervision.handle(.begin, at: .now)
        #expect(supervision.handle(.notStarted(missing), at: .now).last == .exit(missing))
    }

    @Test func whatFailsIsTriedAgainWithPausesAndALimit() {
        var stage = Stage()
        stage.tell(.begin)
        stage.pass(.seconds(1))
        stage.tell(.restart(1, untilDrained: false))
        var pauses: [Duration] = []
        for pid: CInt in [102, 103] {
            _ = stage.end(pid, status: 256)
            #expect(stage.lines.first == "new worker \(pid) seems to have failed to start, exit status:256")
            let failed = stage.now
            while stage.spawned == 0, let wake = stage.supervision.wake {
                stage.now = wake
                stage.tell(.woken)
            }
            pauses.append(stage.now - failed)
        }
        #expect(pauses == [.seconds(1), .seconds(2)])
        stage.now += .milliseconds(50)
        let actions = stage.end(104, status: 11)
        let failure = StartFailure.ended(ProcessEnd(status: 11), generation: 4, after: .milliseconds(50))
        #expect(actions.contains(.answer(1, failure)))
        #expect(
            failure.description
                == "generation 4 was ended by SIGSEGV, 50 ms after its start and before it was ready"
        )
        #expect(stage.supervision.current?.number == 1)
        #expect(stage.supervision.wake == nil)
    }

    @Test func whatHangsIsEndedAndNotTriedAgain() {
        var stage = Stage {
            $0.expectsReady = true
            $0.readyTimeout = .seconds(10)
        }
        stage.tell(.begin)
        stage.tell(.ready(generation: 1))
        stage.tell(.restart(1, untilDrained: false))
        stage.pass(.seconds(10))
        #expect(stage.signals == [.signal(pid: 102, .term)])
        stage.tell(.ready(generation: 2))
        #expect(stage.supervision.current?.number == 1, "too late")
        stage.pass(.seconds(5))
        #expect(stage.signals == [.signal(pid: 102, .kill)])
        let actions = stage.end(102, status: 9)
        #expect(actions.contains(.answer(1, .notReady(generation: 2, within: .seconds(10)))))
        #expect(stage.supervision.current?.number == 1)
        #expect(stage.supervision.wake == nil)
    }

    @Test func aWorkerThatDiesIsReplacedAtOnceAndThenWithPauses() {
        var stage = Stage()
        stage.tell(.begin)
        stage.pass(.seconds(1))
        var pauses: [Duration] = []
        for pid: CInt in 101...105 {
            _ = stage.end(pid, status: 9)
            let died = stage.now
            while stage.spawned == 0, let wake = stage.supervision.wake {
                stage.now = wake
                stage.tell(.woken)
            }
            pauses.append(stage.now - died)
            stage.pass(.seconds(1))
        }
        #expect(pauses == [.zero, .seconds(1), .seconds(2), .seconds(4), .seconds(8)])
        stage.pass(.seconds(10))
        _ = stage.end(106, status: 9)
        #expect(stage.spawned == 1, "one that has served for long is no failure")
    }

    @Test func requestsThatComeDuringAStartShareTheNext() {
        var stage = Stage { $0.expectsReady = true }
        stage.tell(.begin)
        stage.tell(.ready(generation: 1))
        for request in 1...5 { stage.tell(.restart(request, untilDrained: false)) }
        #expect(stage.supervision.generation == 2)
        var actions = stage.tell(.ready(generation: 2))
        #expect(actions.contains(.answer(1, nil)))
        #expect(!actions.contains(.answer(2, nil)), "generation 2 may be the version before theirs")
        actions = stage.tell(.ready(generation: 3))
        for request in 2...5 { #expect(actions.contains(.answer(request, nil))) }
        #expect(stage.supervision.generation == 3)
    }

    @Test func orEachHasAGenerationOfItsOwn() {
        var stage = Stage {
            $0.expectsReady = true
            $0.queuesRestarts = true
        }
        stage.tell(.begin)
        stage.tell(.ready(generation: 1))
        for _ in 1...5 { stage.tell(.restart(nil, untilDrained: false)) }
        for generation in 2...6 { stage.tell(.ready(generation: generation)) }
        #expect(stage.supervision.current?.number == 6)
        #expect(stage.supervision.starting == nil)
    }

    /// The one that served has died, and what is to take its place fails over and over.
    @Test(arguments: [false, true])
    func whoAsksWhileNobodyServesIsAnsweredThoughEveryStartFails(isQueued: Bool) {
        var stage = Stage { $0.queuesRestarts = isQueued }
        stage.tell(.begin)
        stage.pass(.seconds(1))
        _ = stage.end(101, status: 9)
        #expect(stage.supervision.starting?.pid == 102)
        for request in 1...2 { stage.tell(.restart(request, untilDrained: request == 2)) }
        var answered: [Supervision.Request] = []
        var failed = 0
        while answered.count < 2, failed < 20 {
            if let starting = stage.supervision.starting {
                failed += 1
                for case .answer(let request, let failure?) in stage.end(starting.pid, status: 256) {
                    #expect(failure.description.contains("exited with status 1"))
                    answered.append(request)
                }
            } else if let wake = stage.supervision.wake {
                stage.now = wake
                stage.tell(.woken)
            } else {
                break
            }
        }
        #expect(answered == [1, 2])
        // What was starting, and the three attempts of both; queued, all attempts of it, and three of each.
        #expect(failed == (isQueued ? 9 : 4))
        #expect(stage.supervision.wake != nil, "and it is tried again")
    }

    /// Those who ask again and again do not put off the answer to the first.
    @Test func whileOneServesWhoAsksLaterWaitsForItsTurn() {
        var stage = Stage()
        stage.tell(.begin)
        stage.pass(.seconds(1))
        stage.tell(.restart(1, untilDrained: false))
        var answered: [Supervision.Request] = []
        for request in 2...4 {
            while stage.supervision.starting == nil, let wake = stage.supervision.wake {
                stage.now = wake
                stage.tell(.woken)
            }
            guard let starting = stage.supervision.starting else { break }
            stage.tell(.restart(request, untilDrained: false))
            for case .answer(let request, _?) in stage.end(starting.pid, status: 256) { answered.append(request) }
        }
        #expect(answered == [1], "after three attempts")
    }

    @Test func whoWaitsForTheDrainIsAnsweredThen() {
        var stage = Stage { $0.expectsReady = true }
        stage.tell(.begin)
        stage.tell(.ready(generation: 1))
        stage.tell(.restart(1, untilDrained: true))
        #expect(!stage.tell(.ready(generation: 2)).contains(.answer(1, nil)))
        #expect(stage.end(101).contains(.answer(1, nil)))
    }

    @Test func noMoreDrainThanMay() {
        var stage = Stage {
            $0.expectsReady = true
            $0.maxOld = 2
            $0.killTimeout = nil
        }
        stage.tell(.begin)
        stage.tell(.ready(generation: 1))
        for generation in 2...4 {
            stage.tell(.restart(nil, untilDrained: false))
            stage.tell(.ready(generation: generation))
        }
        #expect(stage.signals == [.signal(pid: 103, .term), .signal(pid: 101, .quit)])
        stage.pass(.seconds(5))
        #expect(stage.signals == [.signal(pid: 101, .kill)])
        #expect(stage.supervision.wake == nil)
    }

    @Test func whatIgnoresTERMIsKilled() {
        var stage = Stage { $0.killTimeout = .seconds(20) }
        stage.tell(.begin)
        stage.pass(.seconds(1))
        stage.tell(.stop(.term, released: []))
        stage.tell(.extended(generation: 1, by: .seconds(30)))
        #expect(stage.pass(.seconds(29)).isEmpty)
        stage.pass(.seconds(1))
        #expect(stage.signals == [.signal(pid: 101, .kill)])
        #expect(stage.end(101, status: 9).last == .exit(nil))
    }

    @Test func aSecondINTIsADeadlineAndASecondTERMIsNot() {
        var stage = Stage()
        stage.tell(.begin)
        stage.pass(.seconds(1))
        stage.tell(.stop(.int, released: []))
        #expect(stage.tell(.stop(.term, released: [])).isEmpty)
        stage.tell(.stop(.int, released: []))
        #expect(stage.signals == [.signal(pid: 101, .quit)])
    }

    @Test func aReleasedWorkerIsToldAndNotWaitedFor() {
        var stage = Stage()
        stage.tell(.begin)
        stage.pass(.seconds(1))
        let actions = stage.tell(.stop(.term, released: [101]))
        #expect(stage.signals == [.signal(pid: 101, .term)])
        #expect(actions.last == .exit(nil))
    }

    @Test func autorestartWaitsForOldWorkersButNotForEver() {
        var stage = Stage { $0.autoRestartInterval = .seconds(6) }
        stage.tell(.begin)
        stage.pass(.seconds(1))
        stage.pass(.seconds(6))
        #expect(stage.lines.first == "autorestart triggered (interval=6)")
        stage.pass(.seconds(1))
        #expect(stage.supervision.current?.number == 2)
        stage.pass(.seconds(11))
        #expect(stage.spawned == 0, "101 still drains")
        stage.pass(.seconds(1))
        #expect(stage.lines.first == "autorestart triggered (forced, interval=6)")
    }

    @Test func aReplacementUnderWayServesWhenTheCurrentOneDies() {
        var stage = Stage { $0.expectsReady = true }
        stage.tell(.begin)
        stage.tell(.ready(generation: 1))
        stage.tell(.restart(nil, untilDrained: false))
        _ = stage.end(101, status: 9)
        #expect(stage.spawned == 0)
        stage.tell(.ready(generation: 2))
        #expect(stage.supervision.current?.number == 2)
        #expect(stage.signals.isEmpty)
    }

    @Test func anAutorestartThatFailsWaitsForItsNextTime() {
        var stage = Stage { $0.autoRestartInterval = .seconds(6) }
        stage.tell(.begin)
        stage.pass(.seconds(1))
        stage.pass(.seconds(5))
        stage.now += .seconds(1)
        #expect(stage.supervision.handle(.woken, at: stage.now).contains(.spawn(generation: 2)))
        _ = stage.supervision.handle(.notStarted(.notExecuted("missing", errno: 2)), at: stage.now)
        #expect(stage.supervision.wake.map { $0 - stage.now } == .seconds(6))
    }

    @Test func aFinalDeadlineCannotBeExtended() {
        var stage = Stage { $0.killTimeout = nil }
        stage.tell(.begin)
        stage.pass(.seconds(1))
        stage.tell(.stop(.int, released: []))
        stage.tell(.stop(.int, released: []))
        stage.tell(.extended(generation: 1, by: .seconds(100)))
        stage.pass(.seconds(5))
        #expect(stage.signals == [.signal(pid: 101, .kill)])
    }
}
