/// How generations follow each other: what happened goes in, what is to be done comes out. It does nothing itself.
///
/// At most one generation starts at a time. The one that serves is replaced only when the next one is ready, and goes on if that
/// fails. Whoever asked for a restart hears what became of it.
package struct Supervision: Sendable {
    package typealias Instant = ContinuousClock.Instant
    /// Somebody who waits for a restart.
    package typealias Request = Int

    /// Something that happened.
    package enum Event: Sendable {
        /// The first generation is wanted.
        case begin
        /// What ``Action/spawn(generation:)`` asked for has been done; it may not be known yet whether there is such a program.
        case started(pid: CInt, isProgram: Bool = true)
        /// It is known: the process has become the program.
        case executed(pid: CInt)
        /// It could not be done, or the program could not be executed.
        case notStarted(StartFailure)
        /// A generation has told something about itself, whatever it was.
        case spoke(generation: Int)
        /// `READY=1`.
        case ready(generation: Int)
        /// `EXTEND_TIMEOUT_USEC=`: it asks for that much time from now.
        case extended(generation: Int, by: Duration)
        /// A process has ended.
        case ended(pid: CInt, ProcessEnd)
        /// A new generation is asked for: by SIGHUP, or by somebody who waits, perhaps until older ones have ended.
        case restart(Request?, untilDrained: Bool)
        /// Everything is to stop. The processes that are `released` need not be waited for: somebody else does that.
        case stop(Signal, released: Set<CInt>)
        /// The time has come, see ``Supervision/wake``.
        case woken
    }

    /// Something to do, in the order given.
    package enum Action: Sendable, Hashable {
        /// Start the program, and tell of it at once.
        case spawn(generation: Int)
        case signal(pid: CInt, Signal)
        /// For standard error, in the words of Server::Starter where it has some.
        case say(String)
        /// The next generation has begun to start: what is told about the service is not the whole truth until it has ended.
        case replacing
        /// A generation has taken over.
        case serving(generation: Int, pid: CInt)
        /// No restart is under way any more; it has failed, and the generation that was there before goes on.
        case keeping(StartFailure)
        /// Who serves, and who drains, has changed.
        case changed
        /// A request has been carried out, or not.
        case answer(Request, StartFailure?)
        /// Nothing is left; nil is a stop that was asked for.
        case exit(StartFailure?)
    }

    private struct Wish {
        var requests: [Request] = []
        var drainedRequests: [Request] = []
        /// How many attempts have failed.
        var failures = 0

        mutating func add(_ request: Request?, untilDrained: Bool) {
            guard let request else { return }
            if untilDrained { drainedRequests.append(request) } else { requests.append(request) }
        }
    }

    /// What may change while it runs.
    package var policy: SupervisionPolicy
    /// The number of the newest generation.
    package private(set) var generation: Int
    /// The generation that serves.
    package private(set) var current: Generation?
    /// The generation that starts.
    package private(set) var starting: Generation?
    /// Those that are to end, the oldest first.
    package private(set) var old: [Generation] = []
    /// Whether everything is to stop.
    package private(set) var isStopping = false
    /// Why the last restart failed, until one succeeds.
    package private(set) var lastFailure: StartFailure?

    /// Whether one generation serves, and nothing is to be done.
    package var isAtRest: Bool { current != nil && wish == nil && old.isEmpty && !isStopping }

    /// What the start under way, or the pause before the next attempt, is for.
    private var wish: Wish?
    /// When the next attempt begins.
    private var retryAt: Instant?
    private var waiting: [Wish] = []
    /// Those who wait for the generations up to this number to end.
    private var drains: [(request: Request, upTo: Int)] = []
    private var hasServed = false
    private var isOver = false
    /// How often in a row a generation has ended soon after it had taken over.
    private var deaths = 0
    private var lastRestart: Instant?

    /// - Parameters:
    ///   - policy: How it goes.
    ///   - generation: The number of the last generation that there was.
    package init(policy: SupervisionPolicy, generation: Int = 0) {
        self.policy = policy
        self.generation = generation
    }

    /// When to tell ``Event/woken`` at the latest.
    package var wake: Instant? {
        guard !isOver else { return nil }
        var instants = old.flatMap { [$0.tellAt, $0.killAt] } + [starting?.due, starting?.killAt, retryAt]
        if !isStopping, wish == nil { instants.append(autoRestart?.at) }
        return instants.compactMap { $0 }.min()
    }

    /// - Returns: What is to be done.
    package mutating func handle(_ event: Event, at now: Instant) -> [Action] {
        guard !isOver else { return [] }
        var actions: [Action] = []
        switch event {
        case .begin: begin(Wish(), after: .zero, now, &actions)
        case .started(let pid, let isProgram): started(pid, isProgram, now, &actions)
        case .executed(let pid): executed(pid, now)
        case .notStarted(let failure): failed(failure, now, &actions)
        case .spoke(let generation): spoke(generation, now)
        case .ready(let generation):
            if starting?.number == generation, starting?.overdue == nil { promote(now, &actions) }
        case .extended(let generation, let time): extend(generation, by: time, now)
        case .ended(let pid, let end): ended(pid, end, now, &actions)
        case .restart(let request, let untilDrained): restart(request, untilDrained, now, &actions)
        case .stop(let signal, let released): stop(signal, released, now, &actions)
        case .woken: woken(now, &actions)
        }
        answerDrained(&actions)
        return actions
    }
}

// MARK: - Starting

extension Supervision {
    private mutating func begin(_ wish: Wish, after pause: Duration, _ now: Instant, _ actions: inout [Action]) {
        self.wish = wish
        if pause > .zero { retryAt = now + pause } else { spawn(&actions) }
    }

    private mutating func spawn(_ actions: inout [Action]) {
        retryAt = nil
        generation += 1
        if current != nil { actions.append(.replacing) }
        actions.append(.spawn(generation: generation))
    }

    private mutating func started(_ pid: CInt, _ isProgram: Bool, _ now: Instant, _ actions: inout [Action]) {
        var next = Generation(number: generation, pid: pid, started: now, due: now, speaks: policy.expectsReady)
        next.isProgram = isProgram
        next.due = now + (next.speaks || !isProgram ? policy.readyTimeout : policy.interval)
        starting = next
        actions.append(.say("starting new worker \(pid)"))
    }

    private mutating func executed(_ pid: CInt, _ now: Instant) {
        guard let next = starting, next.pid == pid, !next.isProgram else { return }
        starting?.isProgram = true
        if !next.speaks, next.overdue == nil { starting?.due = max(now, next.started + policy.interval) }
    }

    private mutating func spoke(_ generation: Int, _ now: Instant) {
        guard starting?.number == generation, let start = starting?.started, starting?.speaks == false else { return }
        starting?.speaks = true
        starting?.due = start + policy.readyTimeout
    }

    private mutating func extend(_ generation: Int, by time: Duration, _ now: Instant) {
        if starting?.number == generation {
            spoke(generation, now)
            if let due = starting?.due { starting?.due = max(due, now + time) }
        } else if let index = old.firstIndex(where: { $0.number == generation }), let killAt = old[index].killAt {
            old[index].killAt = max(killAt, now + time)
        }
    }

    private mutating func promote(_ now: Instant, _ actions: inout [Action]) {
        guard var next = starting else { return }
        starting = nil
        next.ready = now
        let previous = current
        current = next
        hasServed = true
        lastRestart = now
        lastFailure = nil
        let fulfilled = wish ?? Wish()
        wish = nil
        if var previous {
            previous.tellAt = now + policy.killOldDelay
            old.append(previous)
        }
        actions += [.changed, .serving(generation: next.number, pid: next.pid)]
        if !old.isEmpty { announce(now, &actions) }
        actions += fulfilled.requests.map { .answer($0, nil) }
        drains += fulfilled.drainedRequests.map { ($0, next.number - 1) }
        if !waiting.isEmpty { begin(waiting.removeFirst(), after: .zero, now, &actions) }
    }

    /// Tells the older generations that a newer one has taken over.
    private mutating func announce(_ now: Instant, _ actions: inout [Action]) {
        let undrained = old.filter { !$0.isDraining }.map { "\($0.pid)" }
        let pids = undrained.isEmpty ? "none" : undrained.joined(separator: ",")
        actions.append(.say("new worker is now running, sending \(policy.signalOnHUP) to old workers:\(pids)"))
        if policy.killOldDelay > .zero {
            actions.append(.say("sleeping \(policy.killOldDelay.seconds) secs before killing old workers"))
        } else {
            tellOld(now, &actions)
        }
        for index in old.indices.dropLast(policy.maxOld) where old[index].killAt.map({ $0 > now + Self.grace }) ?? true
        {
            let generation = old[index]
            actions.append(
                .say(
                    "\(old.count) generations drain (--max-old \(policy.maxOld)): the deadline of generation "
                        + "\(generation.number), worker \(generation.pid), is now"
                )
            )
            endNow(index, now, &actions)
        }
    }

    private static var grace: Duration { SupervisionPolicy.lastGrace }

    private mutating func endNow(_ index: Int, _ now: Instant, _ actions: inout [Action]) {
        old[index].isDraining = true
        old[index].tellAt = nil
        old[index].killAt = now + Self.grace
        actions.append(.signal(pid: old[index].pid, .quit))
    }

    private mutating func tellOld(_ now: Instant, _ actions: inout [Action]) {
        let told = old.indices.filter { old[$0].tellAt.map { $0 <= now } ?? false }
        guard !told.isEmpty else { return }
        actions.append(.say("killing old workers"))
        for index in told {
            old[index].tellAt = nil
            old[index].isDraining = true
            old[index].killAt = policy.killTimeout.map { now + $0 }
            actions.append(.signal(pid: old[index].pid, policy.signalOnHUP))
        }
    }
}

// MARK: - Failing and ending

extension Supervision {
    private mutating func failed(_ failure: StartFailure, _ now: Instant, _ actions: inout [Action]) {
        starting = nil
        guard !isStopping, var wish else { return }
        lastFailure = failure
        wish.failures += 1
        let isGivenUp = failure.isLasting || wish.failures >= policy.attempts
        let pause = policy.pause(afterFailures: wish.failures)
        if isGivenUp {
            for request in wish.requests + wish.drainedRequests { actions.append(.answer(request, failure)) }
            (wish.requests, wish.drainedRequests) = ([], [])
        }
        if current != nil, isGivenUp {
            self.wish = nil
            actions.append(.say("\(failure); generation \(current?.number ?? 0) goes on serving"))
            actions.append(.keeping(failure))
            if !waiting.isEmpty { begin(waiting.removeFirst(), after: .zero, now, &actions) }
        } else if !hasServed, isGivenUp {
            actions.append(.say("\(failure); there is nothing to go on with"))
            over(failure, &actions)
        } else {
            actions.append(.say("\(failure); trying again in \(pause.seconds) s"))
            begin(wish, after: pause, now, &actions)
        }
    }

    private mutating func ended(_ pid: CInt, _ end: ProcessEnd, _ now: Instant, _ actions: inout [Action]) {
        if isStopping {
            guard let index = old.firstIndex(where: { $0.pid == pid }) else { return }
            old.remove(at: index)
            actions += [.say("worker \(pid) died, status:\(end.status)"), .changed]
            if old.isEmpty { over(nil, &actions) }
        } else if let next = starting, next.pid == pid {
            if let time = next.overdue {
                failed(.notReady(generation: next.number, within: time), now, &actions)
            } else {
                actions.append(.say("new worker \(pid) seems to have failed to start, exit status:\(end.status)"))
                failed(.ended(end, generation: next.number, after: now - next.started), now, &actions)
            }
        } else if let index = old.firstIndex(where: { $0.pid == pid }) {
            old.remove(at: index)
            actions += [.say("old worker \(pid) died, status:\(end.status)"), .changed]
        } else if let lost = current, lost.pid == pid {
            current = nil
            actions.append(.say("worker \(pid) died unexpectedly with status:\(end.status), restarting"))
            actions.append(.changed)
            replace(lost, now, &actions)
        }
    }

    /// Nobody serves: that is more urgent than whatever else is planned.
    private mutating func replace(_ lost: Generation, _ now: Instant, _ actions: inout [Action]) {
        if let ready = lost.ready, now - ready >= SupervisionPolicy.provenAfter { deaths = 0 }
        let pause = policy.pause(afterFailures: deaths)
        deaths += 1
        if starting != nil { return }
        if let retryAt {
            self.retryAt = min(retryAt, now + pause)
        } else {
            begin(waiting.isEmpty ? Wish() : waiting.removeFirst(), after: pause, now, &actions)
        }
    }

    private mutating func over(_ failure: StartFailure?, _ actions: inout [Action]) {
        isOver = true
        for request in takeRequests() { actions.append(.answer(request, failure ?? .stopping)) }
        if failure == nil { actions.append(.say("exiting")) }
        actions.append(.exit(failure))
    }

    private mutating func takeRequests() -> [Request] {
        let wishes = waiting + (wish.map { [$0] } ?? [])
        let requests = wishes.flatMap { $0.requests + $0.drainedRequests } + drains.map(\.request)
        (waiting, wish, drains) = ([], nil, [])
        return requests
    }

    private mutating func answerDrained(_ actions: inout [Action]) {
        let oldest = old.first?.number ?? .max
        for drain in drains where drain.upTo < oldest { actions.append(.answer(drain.request, nil)) }
        drains.removeAll { $0.upTo < oldest }
    }
}

// MARK: - Being told

extension Supervision {
    private mutating func restart(
        _ request: Request?,
        _ untilDrained: Bool,
        _ now: Instant,
        _ actions: inout [Action]
    ) {
        guard !isStopping else {
            if let request { actions.append(.answer(request, .stopping)) }
            return
        }
        actions.append(.say("received \(request == nil ? "HUP" : "a request to restart"), spawning a new worker"))
        var new = Wish()
        new.add(request, untilDrained: untilDrained)
        if retryAt != nil, !policy.queuesRestarts || wish == nil {
            // The program that failed may have been repaired: at once, and with all attempts.
            wish?.failures = 0
            wish?.add(request, untilDrained: untilDrained)
            spawn(&actions)
        } else if wish != nil || starting != nil {
            // What starts may be the version before this one.
            if policy.queuesRestarts || waiting.isEmpty {
                waiting.append(new)
            } else {
                waiting[0].add(request, untilDrained: untilDrained)
            }
        } else {
            begin(new, after: .zero, now, &actions)
        }
    }

    private mutating func stop(
        _ signal: Signal,
        _ released: Set<CInt>,
        _ now: Instant,
        _ actions: inout [Action]
    ) {
        if isStopping {
            // TERM may come twice: from whoever stops the service, and from the service manager to all processes in it.
            guard signal == .int else { return }
            actions.append(.say("received \(signal) again: the deadline is now"))
            for index in old.indices { endNow(index, now, &actions) }
            return
        }
        isStopping = true
        retryAt = nil
        old += [current, starting].compactMap { $0 }
        (current, starting) = (nil, nil)
        for request in takeRequests() { actions.append(.answer(request, .stopping)) }
        let told = signal == .term ? policy.signalOnTERM : .term
        let pids = old.map { "\($0.pid)" }.joined(separator: ",")
        actions.append(.say("received \(signal), sending \(told) to all workers:\(pids)"))
        for index in old.indices {
            let pid = old[index].pid
            old[index].tellAt = nil
            old[index].isDraining = true
            old[index].killAt = old[index].killAt ?? policy.killTimeout.map { now + $0 }
            actions.append(.signal(pid: pid, told))
            if released.contains(pid) { actions.append(.say("worker \(pid) drains by itself, and is not waited for")) }
        }
        old.removeAll { released.contains($0.pid) }
        if old.isEmpty { over(nil, &actions) }
    }

    private var autoRestart: (at: Instant, isForced: Bool)? {
        guard let interval = policy.autoRestartInterval, let lastRestart else { return nil }
        return old.isEmpty ? (lastRestart + interval, false) : (lastRestart + interval * 2, true)
    }

    private mutating func woken(_ now: Instant, _ actions: inout [Action]) {
        if !isStopping { tellOld(now, &actions) }
        for index in old.indices {
            guard let killAt = old[index].killAt, killAt <= now else { continue }
            actions.append(.say("worker \(old[index].pid) has not ended in time, sending KILL"))
            actions.append(.signal(pid: old[index].pid, .kill))
            old[index].killAt = nil
        }
        guard !isStopping else { return }
        if let next = starting {
            isDue(next, now, &actions)
        } else if let at = retryAt, at <= now {
            spawn(&actions)
        } else if wish == nil, current != nil, let (at, isForced) = autoRestart, at <= now {
            let interval = (policy.autoRestartInterval ?? .zero).seconds
            actions.append(.say("autorestart triggered (\(isForced ? "forced, " : "")interval=\(interval))"))
            begin(Wish(), after: .zero, now, &actions)
        }
    }

    private mutating func isDue(_ next: Generation, _ now: Instant, _ actions: inout [Action]) {
        if let killAt = next.killAt, killAt <= now {
            starting?.killAt = nil
            actions.append(.signal(pid: next.pid, .kill))
        }
        guard let due = next.due, due <= now else { return }
        guard next.speaks || !next.isProgram else { return promote(now, &actions) }
        let time = due - next.started
        starting?.due = nil
        starting?.overdue = time
        starting?.killAt = now + Self.grace
        actions.append(.say("new worker \(next.pid) is not ready after \(time.seconds) s, sending TERM"))
        actions.append(.signal(pid: next.pid, .term))
    }
}
