/// What follows when a start fails or a process ends.
extension Supervision {
    mutating func failed(_ failure: StartFailure, _ now: Instant, _ actions: inout [Action]) {
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
            // Or a restart that nobody asked for would be tried again at once.
            lastRestart = now
            actions.append(.say("\(failure); generation \(current?.number ?? 0) goes on serving"))
            actions.append(.keeping(failure))
            if !waiting.isEmpty { begin(waiting.removeFirst(), after: .zero, now, &actions) }
        } else if !hasServed, isGivenUp {
            actions.append(.say("\(failure); there is nothing to go on with"))
            over(failure, &actions)
        } else {
            actions.append(.say("\(failure); trying again in \(pause.seconds) s"))
            takeWaiting(into: &wish, isGivenUp: isGivenUp)
            begin(wish, after: pause, now, &actions)
        }
    }

    /// Where nobody serves, whoever has asked during a start that failed need not wait for one that succeeds, which may never be: the
    /// next start is what they have asked for, and has all attempts.
    private mutating func takeWaiting(into wish: inout Wish, isGivenUp: Bool) {
        // Else they have their turn when this wish is given up.
        guard current == nil, !waiting.isEmpty else { return }
        if policy.queuesRestarts {
            // Each has a start of its own, when the one before it has been answered.
            if isGivenUp { wish = waiting.removeFirst() }
        } else {
            wish.requests += waiting.flatMap(\.requests)
            wish.drainedRequests += waiting.flatMap(\.drainedRequests)
            wish.failures = 0
            waiting = []
        }
    }

    mutating func ended(_ pid: CInt, _ end: ProcessEnd, _ now: Instant, _ actions: inout [Action]) {
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
    mutating func replace(_ lost: Generation, _ now: Instant, _ actions: inout [Action]) {
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

    mutating func over(_ failure: StartFailure?, _ actions: inout [Action]) {
        isOver = true
        for request in takeRequests() { actions.append(.answer(request, failure ?? .stopping)) }
        if failure == nil { actions.append(.say("exiting")) }
        actions.append(.exit(failure))
    }

    mutating func takeRequests() -> [Request] {
        let wishes = waiting + (wish.map { [$0] } ?? [])
        let requests = wishes.flatMap { $0.requests + $0.drainedRequests } + drains.map(\.request)
        (waiting, wish, drains) = ([], nil, [])
        return requests
    }

    mutating func answerDrained(_ actions: inout [Action]) {
        let oldest = old.first?.number ?? .max
        for drain in drains where drain.upTo < oldest { actions.append(.answer(drain.request, nil)) }
        drains.removeAll { $0.upTo < oldest }
    }
}
