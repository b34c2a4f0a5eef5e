/// How a generation starts and takes over.
extension Supervision {
    mutating func begin(_ wish: Wish, after pause: Duration, _ now: Instant, _ actions: inout [Action]) {
        self.wish = wish
        if pause > .zero { retryAt = now + pause } else { spawn(&actions) }
    }

    mutating func spawn(_ actions: inout [Action]) {
        retryAt = nil
        generation += 1
        if current != nil { actions.append(.replacing) }
        actions.append(.spawn(generation: generation))
    }

    mutating func started(_ pid: CInt, _ isProgram: Bool, _ now: Instant, _ actions: inout [Action]) {
        var next = Generation(number: generation, pid: pid, started: now, due: now, speaks: policy.expectsReady)
        next.isProgram = isProgram
        next.due = now + (next.speaks || !isProgram ? policy.readyTimeout : policy.interval)
        starting = next
        actions.append(.say("starting new worker \(pid)"))
    }

    mutating func executed(_ pid: CInt, _ now: Instant) {
        guard let next = starting, next.pid == pid, !next.isProgram else { return }
        starting?.isProgram = true
        if !next.speaks, next.overdue == nil { starting?.due = max(now, next.started + policy.interval) }
    }

    mutating func spoke(_ generation: Int, _ now: Instant) {
        guard starting?.number == generation, let start = starting?.started, starting?.speaks == false else { return }
        starting?.speaks = true
        starting?.due = start + policy.readyTimeout
    }

    mutating func extend(_ generation: Int, by time: Duration, _ now: Instant) {
        if starting?.number == generation {
            spoke(generation, now)
            if let due = starting?.due { starting?.due = max(due, now + time) }
        } else if let index = old.firstIndex(where: { $0.number == generation }), let killAt = old[index].killAt,
            !old[index].isFinal
        {
            old[index].killAt = max(killAt, now + time)
        }
    }

    mutating func promote(_ now: Instant, _ actions: inout [Action]) {
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
    mutating func announce(_ now: Instant, _ actions: inout [Action]) {
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

    static var grace: Duration { SupervisionPolicy.lastGrace }

    mutating func endNow(_ index: Int, _ now: Instant, _ actions: inout [Action]) {
        old[index].isDraining = true
        old[index].isFinal = true
        old[index].tellAt = nil
        old[index].killAt = now + Self.grace
        actions.append(.signal(pid: old[index].pid, .quit))
    }

    mutating func tellOld(_ now: Instant, _ actions: inout [Action]) {
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
