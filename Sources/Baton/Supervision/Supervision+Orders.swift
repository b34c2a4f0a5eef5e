/// What a supervision is told to do, and what it does when the time has come.
extension Supervision {
    mutating func restart(
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

    mutating func stop(
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

    var autoRestart: (at: Instant, isForced: Bool)? {
        guard let interval = policy.autoRestartInterval, let lastRestart else { return nil }
        return old.isEmpty ? (lastRestart + interval, false) : (lastRestart + interval * 2, true)
    }

    mutating func woken(_ now: Instant, _ actions: inout [Action]) {
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

    mutating func isDue(_ next: Generation, _ now: Instant, _ actions: inout [Action]) {
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
