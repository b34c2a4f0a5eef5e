import NIOCore

/// How one HTTP/1.1 connection ends without losing a request: what it reads and writes goes in, what to do comes out.
///
/// The one safe moment to end a connection is a response that says `Connection: close`, so the response to the last request
/// that has been received says it, once that request has been read to its end. A connection that idles is served for the
/// linger and then closed, which its client may find out the hard way only if it writes at that very moment.
///
/// Where another process takes connections over, none is closed that it can take: one that idles, or has received no more than a part of a
/// head, goes at once, and one with a request in a handler after its response.
///
/// While it drains, a connection is never left alone: a request is being answered, or a timer runs. A client that sends a request too
/// slowly is given up.
struct HTTP1DrainStateMachine {
    /// What to do when something has changed.
    enum Action: Hashable {
        case none
        /// Ask again (``timerElapsed(now:hasUnread:hasUnsent:)``) at this instant, and not before.
        case schedule(NIODeadline)
        /// Offer the connection to the next process; ``handOverEnded(_:now:)`` is to follow in the same turn of the event loop.
        case handOver
        /// Send FIN, but go on reading: data left unread would turn the close into a reset.
        case halfClose
        case close
        /// Close it, and report that its client sends a request too slowly.
        case giveUp
    }

    private enum Mode: Hashable {
        case serving
        case draining
        /// The last response has been announced as such; what arrives now is not answered.
        case ending
        /// FIN is sent, or will be behind the last response.
        case ended
        /// Another process has it.
        case handedOver
    }

    /// How long the client has to close its side after the last response, before all of it is closed.
    private static let closeGrace = TimeAmount.milliseconds(250)
    /// The least time between two looks at a socket that has not been read or written empty.
    private static let retry = TimeAmount.milliseconds(10)

    private let linger: TimeAmount
    private var mode = Mode.serving
    private(set) var isDraining = false
    /// Another process takes connections over.
    private var isOffered = false
    /// A request or a response has said that the connection ends, or is used for another protocol.
    private var isLast = false
    /// Since when, in the drain, nothing is being read or answered.
    private var idleSince = NIODeadline.distantPast
    /// Bytes received of a request whose head is not complete.
    private(set) var headBytes = 0
    /// What has been received is not decoded yet: there may be more requests in it.
    private var isDecoding = false
    /// A head has been read and its end has not.
    private(set) var isReadingBody = false
    /// Requests whose response has not ended.
    private(set) var unanswered = 0
    /// The response to the oldest of them has begun.
    private(set) var isResponding = false
    /// The request being read came after the last response was announced.
    private var isDiscarding = false
    /// The decoder has given up: what arrives is no request.
    private var isMalformed = false
    /// How often something has been received or written.
    private var moves: UInt64 = 0
    private var slowRequest: SlowRequestLimit

    init(linger: TimeAmount, requestGrace: TimeAmount = .seconds(5)) {
        self.linger = linger
        self.slowRequest = SlowRequestLimit(grace: requestGrace)
    }

    /// All that is left to do is to read what the client still sends, and to drop it.
    var isReadingToTheEnd: Bool { isDraining && mode == .ended }

    /// Nothing has been received that is not answered.
    var isIdle: Bool { unanswered == 0 && !isReadingBody && headBytes == 0 }

    /// Something has been received or is written.
    mutating func moved() {
        moves &+= 1
    }

    /// What the connection is at.
    ///
    /// - Parameters:
    ///   - unsent: How many bytes of responses have not left the process.
    ///   - inKernel: How many have, and the client has not acknowledged them. A slow client may take from these for long
    ///     before there is room for more.
    func census(unsent: Int, inKernel: Int = 0) -> ConnectionCensus {
        let isBusy = !isIdle || unsent > 0
        return ConnectionCensus(
            requests: isBusy ? max(1, unanswered) : 0,
            idle: isBusy ? 0 : 1,
            // Spread out, so that what one connection receives never makes up for what another one sends.
            activity: (moves &+ 1) &* 0x9E37_79B9_7F4A_7C15 &- UInt64(unsent + inKernel)
        )
    }

    /// Bytes have come from the network, before the decoder sees them.
    mutating func received(bytes count: Int) {
        isDecoding = true
        slowRequest.received(bytes: count)
        if !isMalformed { headBytes += count }
    }

    /// The decoder has seen all that was received.
    ///
    /// - Parameter count: How many bytes of it are a part of a head; nil if that is not known.
    mutating func decoded(leaving count: Int?, now: () -> NIODeadline) -> Action {
        isDecoding = false
        let hadBegun = headBytes > 0
        if let count, !isMalformed { headBytes = count }
        // What had looked like the beginning of a request may have been an empty line.
        if canMove || isDraining && hadBegun && headBytes == 0 { return becameIdle(now: now()) }
        return isDraining ? waitForRequest(now: now()) : .none
    }

    /// A request's head has been decoded.
    ///
    /// - Returns: Whether to pass it on; a request after the announced last response must not be processed.
    ///
    /// - Parameter keepsAlive: Whether the client wants to send further requests.
    mutating func readHead(keepsAlive: Bool = true) -> Bool {
        headBytes = 0
        if !keepsAlive { isLast = true }
        isReadingBody = true
        isDiscarding = mode == .ending || mode == .ended
        if !isDiscarding { unanswered += 1 }
        return !isDiscarding
    }

    /// A piece of a request's body has been decoded. Returns whether to pass it on.
    mutating func readBody() -> Bool {
        headBytes = 0
        return isWanted
    }

    /// A request's end has been decoded. Returns whether to pass it on.
    mutating func readEnd(now: () -> NIODeadline) -> (isWanted: Bool, action: Action) {
        headBytes = 0
        isReadingBody = false
        slowRequest.end()
        return (isWanted, isDraining ? becameIdle(now: now()) : .none)
    }

    /// What was received is no HTTP; the application answers it with an error and ends the connection.
    mutating func malformed(now: NIODeadline) -> Action {
        isMalformed = true
        headBytes = 0
        isReadingBody = false
        slowRequest.end()
        return isDraining ? becameIdle(now: now) : .none
    }

    /// A response is about to be written.
    ///
    /// - Parameters:
    ///   - keepsAlive: Whether the response leaves the connection open.
    ///   - hasUnread: Whether bytes wait in the kernel, perhaps the next pipelined request.
    /// - Returns: Whether it must say `Connection: close`.
    mutating func writeHead(keepsAlive: Bool = true, hasUnread: () -> Bool) -> Bool {
        isResponding = true
        if !keepsAlive { isLast = true }
        guard mode == .draining, !isMovable, unanswered <= 1, headBytes == 0, !isReadingBody, !hasUnread() else {
            return false
        }
        mode = .ending
        return true
    }

    /// The connection is used for another protocol from now on.
    mutating func switchesProtocol() {
        isLast = true
    }

    /// A response has been written to its end.
    ///
    /// - Returns: Whether ``responseFlushed(now:)`` is to follow when it has left the process.
    mutating func writeEnd(now: () -> NIODeadline) -> (isToBeFlushed: Bool, action: Action) {
        isResponding = false
        unanswered = max(0, unanswered - 1)
        guard isDraining else { return (false, .none) }
        if mode == .ending, unanswered == 0 {
            mode = .ended
            return (true, .none)
        }
        return canMove ? (true, .none) : (false, becameIdle(now: now()))
    }

    /// The last response, or the last before the connection is handed over, is in the kernel.
    mutating func responseFlushed(now: NIODeadline) -> Action {
        mode == .ended ? .halfClose : becameIdle(now: now)
    }

    /// FIN is sent, by this machine's will or the application's.
    mutating func outputClosed(now: NIODeadline) -> Action {
        mode = .ended
        return isDraining ? .schedule(now + Self.closeGrace) : .none
    }

    /// Another process takes connections over from the beginning of the drain.
    mutating func offered() {
        isOffered = true
    }

    /// What became of an attempt to hand the connection over.
    mutating func handOverEnded(_ outcome: ConnectionOffer.Outcome, now: NIODeadline) -> Action {
        switch outcome {
        case .moved:
            mode = .handedOver
            return .close
        case .later:
            return .schedule(now + Self.retry)
        case .refused:
            isOffered = false
            return becameIdle(now: now)
        }
    }

    /// The server stops.
    mutating func beginDrain(now: NIODeadline) -> Action {
        guard !isDraining else { return .none }
        isDraining = true
        let isWaiting = waitForRequest(now: now)
        if mode == .ended { return .schedule(now + Self.closeGrace) }
        mode = .draining
        let action = becameIdle(now: now)
        return action == .none ? isWaiting : action
    }

    /// The instant of ``Action/schedule(_:)`` has come.
    ///
    /// - Parameters:
    ///   - now: The instant it is.
    ///   - hasUnread: Whether bytes wait in the kernel.
    ///   - hasUnsent: Whether a response has not left the process yet.
    mutating func timerElapsed(now: NIODeadline, hasUnread: Bool, hasUnsent: Bool) -> Action {
        let settled = !hasUnread && !hasUnsent
        if canMove { return hasUnsent ? .schedule(now + Self.retry) : .handOver }
        if let due = slowRequest.due, isReceiving {
            // Of what is unread, the application has not asked for more yet: that is not its client's fault.
            if now >= due, !hasUnread { return .giveUp }
            if mode != .ended { return .schedule(max(due, now + Self.closeGrace)) }
        }
        switch mode {
        case .ended:
            // Its client may still be sending the body of the request that has been answered.
            return settled && !isReadingBody ? .close : .schedule(now + Self.closeGrace)
        case .draining where isIdle:
            let due = idleSince + linger
            if now < due { return .schedule(due) }
            guard settled else { return .schedule(now + max(linger, Self.retry)) }
            mode = .ended
            return .close
        case .draining, .ending, .serving, .handedOver:
            // A request is being received or answered, and its end brings the next timer.
            return .none
        }
    }

    private var isWanted: Bool { !isDiscarding && !isReadingToTheEnd }

    /// A request has begun to come, and is not complete.
    private var isReceiving: Bool { isReadingBody || headBytes > 0 }

    private mutating func waitForRequest(now: NIODeadline) -> Action {
        guard isReceiving else {
            slowRequest.end()
            return .none
        }
        guard let due = slowRequest.begin(now: now) else { return .none }
        return .schedule(due)
    }

    /// It can be handed over, now or after what it is at.
    private var isMovable: Bool { isOffered && mode == .draining && !isLast && !isMalformed }

    /// It can be handed over now, as far as this machine knows.
    private var canMove: Bool { isMovable && !isDecoding && unanswered == 0 && !isReadingBody && !isResponding }

    private mutating func becameIdle(now: NIODeadline) -> Action {
        if canMove { return .handOver }
        switch mode {
        case .ended:
            return .schedule(now + Self.closeGrace)
        case .draining where isIdle:
            idleSince = now
            return .schedule(now + linger)
        case .draining, .ending, .serving, .handedOver:
            return .none
        }
    }
}
