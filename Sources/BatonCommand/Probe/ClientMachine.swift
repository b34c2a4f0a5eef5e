/// One client as a state machine without sockets, timers or a clock: events in, actions out.
///
/// In a closed loop it asks for its own next request; in an open loop it says that it is free for one.
/// It has at most one connection and one request at a time, and never sends a request twice.
struct ClientMachine {
    private enum Phase: Equatable {
        case idle(connected: Bool)
        case connecting
        /// Connected, and not a byte of the request written on purpose.
        case holding
        /// The piece that is written next.
        case sending(piece: Int)
        case waiting
        case finished
    }

    /// The request under way.
    struct Flight {
        var issuedAt: Duration
        var deadline: Duration
        var reused: Bool
        /// The open loop has ordered it, and is to be told that it ended.
        var isScheduled = false
        var reading = ResponseReading()
        var paused: Duration = .zero
    }

    let settings: Settings
    private(set) var flight: Flight?
    private var phase: Phase = .idle(connected: false)
    private var connectedAt: Duration = .zero
    private var stopping = false
    private var hasSent = false

    init(_ settings: Settings) { self.settings = settings }

    var isFinished: Bool { phase == .finished }

    mutating func handle(_ event: Event, at now: Duration) -> [Action] {
        switch event {
        case .due: return due(at: now)
        case .send(let due): return send(due: due)
        case .open: return phase == .idle(connected: false) ? due(at: now) : []
        case .ask: return phase == .idle(connected: true) ? due(at: now) : []
        case .connected: return connected(at: now)
        case .connectFailed(let end):
            guard phase == .connecting else { return [] }
            return complete(end.kindWhenConnecting, "connect: \(end.words)", at: now)
        case .pauseOver: return pauseOver(at: now)
        case .received(let count): return received(count, at: now)
        case .head(let head): flight?.reading.take(head)
        case .body(let body):
            flight?.reading.take(body)
            if let reading = flight?.reading, reading.isTooLong { return complete(.wrongBody, reading.words, at: now) }
        case .responseEnd: return responseEnd(at: now)
        case .malformed(let what):
            guard let flight else {
                return phase == .idle(connected: true) ? failIdle(.other, "unasked for: \(what)", at: now) : []
            }
            return complete(.other, "malformed response (\(what)); \(flight.reading.words)", at: now)
        case .connectionEnded(let end): return connectionEnded(end, at: now)
        case .turnedAway(let words): return turnedAway(words, at: now)
        case .deadline: return deadline(at: now)
        case .stop: return stop()
        case .abandon: return abandon(at: now)
        }
        return []
    }
}

// MARK: - Sending

extension ClientMachine {
    private mutating func due(at now: Duration) -> [Action] {
        guard case .idle(let isConnected) = phase, !stopping else { return [] }
        flight = Flight(issuedAt: now, deadline: now + settings.timeout, reused: isConnected)
        return [.issued] + begin(isConnected)
    }

    /// The time that the request has waited for this client counts.
    private mutating func send(due: Duration) -> [Action] {
        guard case .idle(let isConnected) = phase, !stopping else { return [] }
        flight = Flight(issuedAt: due, deadline: due + settings.timeout, reused: isConnected, isScheduled: true)
        return begin(isConnected)
    }

    private mutating func begin(_ isConnected: Bool) -> [Action] {
        if isConnected { return send() }
        phase = .connecting
        return [.connect]
    }

    private mutating func connected(at now: Duration) -> [Action] {
        guard phase == .connecting else { return [] }
        guard settings.mode == .connectPause else { return send() }
        phase = .holding
        connectedAt = now
        return [.pause(settings.connectPause)]
    }

    private mutating func send() -> [Action] {
        let count = min(settings.pieces, hasSent ? settings.burst : settings.firstBurst)
        let writes = [.write(.head)] + (0..<count).map { Action.write(.piece($0)) }
        hasSent = true
        guard count < settings.pieces else {
            phase = .waiting
            return writes + [.write(.end)]
        }
        phase = .sending(piece: count)
        // The pause is armed before the write: a write that fails ends the request at once, and its pause with it.
        return [.pause(settings.piecePause), .sending] + writes
    }

    private mutating func pauseOver(at now: Duration) -> [Action] {
        switch phase {
        case .holding:
            flight?.paused += now - connectedAt
            return send()
        case .sending(let piece) where piece + 1 == settings.pieces:
            phase = .waiting
            return [.sent, .write(.piece(piece)), .write(.end)]
        case .sending(let piece):
            phase = .sending(piece: piece + 1)
            return [.pause(settings.piecePause), .write(.piece(piece))]
        case .idle, .connecting, .waiting, .finished:
            return []
        }
    }
}

// MARK: - Receiving

extension ClientMachine {
    private mutating func received(_ count: Int, at now: Duration) -> [Action] {
        flight?.reading.received += count
        switch phase {
        case .idle(connected: true):
            return failIdle(.other, "read \(count) bytes before a request was written", at: now)
        case .holding:
            return complete(.other, "read \(count) bytes before the request was written", at: now)
        default: return []
        }
    }

    private mutating func responseEnd(at now: Duration) -> [Action] {
        guard let reading = flight?.reading else { return [] }
        let (kind, detail) = reading.verdict(expecting: settings.expected)
        guard phase != .connecting else {
            return complete(kind == .ok ? .unexpectedStatus : kind, "no upgrade; \(reading.words)", at: now)
        }
        let isEnd = settings.mode.keepsConnection && !reading.leavesConnectionOpen
        let closes: [Action] = isEnd ? [.closed(reading.close)] : []
        guard phase == .waiting, kind == .ok else { return complete(kind, detail, at: now) + closes }
        let keeps = settings.mode.keepsConnection && reading.leavesConnectionOpen
        return complete(kind, detail, then: keeps ? .keep : .leaveToServer, at: now) + closes
    }

    private mutating func connectionEnded(_ end: ConnectionEnd, at now: Duration) -> [Action] {
        switch phase {
        case .idle(connected: true):
            guard end.isClose, settings.mode != .webSocket else {
                let kind = kind(of: end, received: 0, reused: true)
                return [.closed(.unannounced)] + failIdle(kind, "while idle: \(end.words)", at: now)
            }
            phase = .idle(connected: false)
            return [.close, .closed(.unannounced), .note(.keepAliveBeforeWritten)]
        case .holding:
            guard end.isClose else {
                let kind = end.kind(received: 0, reused: false)
                return [.closed(.unannounced)]
                    + complete(kind, "before the request was written: \(end.words)", at: now)
            }
            // Not a byte was written, so this is not a second try: the request goes out for the first time there.
            flight?.paused += now - connectedAt
            phase = .connecting
            return [.close, .closed(.unannounced), .note(.freshBeforeWritten), .connect]
        case .sending, .waiting:
            guard let flight else { return [] }
            let kind = kind(of: end, received: flight.reading.received, reused: flight.reused)
            let closes: [Action] = settings.mode.sharesConnection ? [] : [.closed(flight.reading.close)]
            return closes + complete(kind, "\(end.words); \(flight.reading.words)", at: now)
        case .connecting:
            return complete(end.kindWhenConnecting, "connect: \(end.words)", at: now)
        case .idle(connected: false), .finished:
            return []
        }
    }

    /// A WebSocket ends with Close, whatever was read before: without it the client sees 1006.
    private func kind(of end: ConnectionEnd, received: Int, reused: Bool) -> OutcomeKind {
        end.isClose && settings.mode == .webSocket ? .webSocketClosed : end.kind(received: received, reused: reused)
    }

    private mutating func turnedAway(_ words: String, at now: Duration) -> [Action] {
        let closes: [Action] = settings.mode.sharesConnection ? [] : [.closed(.announced)]
        switch phase {
        case .idle(connected: true):
            phase = .idle(connected: false)
            return [.leaveToServer] + closes
        case .connecting, .holding, .sending, .waiting:
            return complete(.turnedAway, "\(words); \(flight?.reading.words ?? "")", then: .leaveToServer, at: now)
                + closes
        case .idle(connected: false), .finished:
            return []
        }
    }
}

// MARK: - Ending

extension ClientMachine {
    private mutating func deadline(at now: Duration) -> [Action] {
        guard let flight, now >= flight.deadline else { return [] }
        let limit = "no answer within \(settings.timeout.inSeconds) s"
        switch phase {
        case .connecting: return complete(.connectTimeout, limit, at: now)
        case .holding: return complete(.timeout, "\(limit); not written", at: now)
        default: return complete(.timeout, "\(limit); \(flight.reading.words)", at: now)
        }
    }

    private enum ConnectionFate { case keep, leaveToServer, close }

    /// Ends the request under way and looks ahead to the next.
    private mutating func complete(
        _ kind: OutcomeKind,
        _ detail: String,
        then fate: ConnectionFate = .close,
        at now: Duration
    ) -> [Action] {
        guard let flight else { return [] }
        self.flight = nil
        let outcome = Outcome(
            client: settings.client,
            mode: settings.mode,
            kind: kind,
            detail: detail,
            issuedAt: flight.issuedAt,
            endedAt: now,
            paused: flight.paused,
            pid: kind == .ok ? flight.reading.pid : nil
        )
        var actions: [Action] = [.record(outcome)]
        switch fate {
        case .leaveToServer: actions.append(.leaveToServer)
        case .keep where !stopping: break
        case .keep, .close: actions.append(.close)
        }
        guard !stopping else {
            phase = .finished
            return actions + [.finished]
        }
        phase = .idle(connected: fate == .keep)
        if flight.isScheduled { return actions + [.free] }
        if settings.mode.awaitsOrders || settings.isOpenLoop { return actions }
        let pause = kind.isFailure ? settings.pauseAfterFailure : settings.thinkTime
        return actions + [.next(at: max(now + pause, flight.issuedAt + settings.spacing))]
    }

    /// Fails a request that the connection did not even wait for: what happened to it is nothing a server may do.
    private mutating func failIdle(_ kind: OutcomeKind, _ detail: String, at now: Duration) -> [Action] {
        flight = Flight(issuedAt: now, deadline: now, reused: true)
        return [.issued] + complete(kind, detail, at: now)
    }

    private mutating func stop() -> [Action] {
        stopping = true
        guard case .idle(let isConnected) = phase else { return [] }
        phase = .finished
        return isConnected ? [.close, .finished] : [.finished]
    }

    private mutating func abandon(at now: Duration) -> [Action] {
        switch phase {
        case .idle, .finished: return stop()
        case .connecting, .holding, .sending, .waiting:
            stopping = true
            return complete(.abandoned, "stopped by the user", at: now)
        }
    }
}
