import NIOCore

/// How one HTTP/1.1 connection ends without losing a request: what it reads and writes goes in, what to do comes out.
///
/// The one safe moment to end a connection is a response that says `Connection: close`, so the response to the last request
/// that has been received says it, once that request has been read to its end. A connection that idles is served for the
/// linger and then closed, which its client may find out the hard way only if it writes at that very moment.
///
/// While it drains, a connection is never left alone: a request is being received or answered, or a timer runs.
struct HTTP1DrainStateMachine {
    /// What to do when something has changed.
    enum Action: Hashable {
        case none
        /// Ask again (``timerElapsed(now:hasUnread:hasUnsent:)``) at this instant, and not before.
        case schedule(NIODeadline)
        /// Send FIN, but go on reading: data left unread would turn the close into a reset.
        case halfClose
        case close
    }

    private enum Mode: Hashable {
        case serving
        case draining
        /// The last response has been announced as such; what arrives now is not answered.
        case ending
        /// FIN is sent, or will be behind the last response.
        case ended
    }

    /// How long the client has to close its side after the last response, before all of it is closed.
    private static let closeGrace = TimeAmount.milliseconds(250)
    /// The least time between two looks at a socket that has not been read or written empty.
    private static let retry = TimeAmount.milliseconds(10)

    private let linger: TimeAmount
    private var mode = Mode.serving
    private var isDraining = false
    /// Since when, in the drain, nothing is being read or answered.
    private var idleSince = NIODeadline.distantPast
    /// Bytes received of a request whose head is not complete.
    private(set) var headBytes = 0
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

    init(linger: TimeAmount) {
        self.linger = linger
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
        if !isMalformed { headBytes += count }
    }

    /// The decoder has seen all that was received, and made nothing of the last `count` bytes.
    mutating func decoded(leaving count: Int) {
        if !isMalformed { headBytes = count }
    }

    /// A request's head has been decoded.
    ///
    /// - Returns: Whether to pass it on; a request after the announced last response must not be processed.
    mutating func readHead() -> Bool {
        headBytes = 0
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
        return (isWanted, isDraining ? becameIdle(now: now()) : .none)
    }

    /// What was received is no HTTP; the application answers it with an error and ends the connection.
    mutating func malformed(now: NIODeadline) -> Action {
        isMalformed = true
        headBytes = 0
        isReadingBody = false
        return isDraining ? becameIdle(now: now) : .none
    }

    /// A response is about to be written.
    ///
    /// - Parameter hasUnread: Whether bytes wait in the kernel, perhaps the next pipelined request.
    /// - Returns: Whether it must say `Connection: close`.
    mutating func writeHead(hasUnread: () -> Bool) -> Bool {
        isResponding = true
        guard mode == .draining, unanswered <= 1, headBytes == 0, !isReadingBody, !hasUnread() else { return false }
        mode = .ending
        return true
    }

    /// A response has been written to its end.
    ///
    /// - Returns: Whether it was the last: then ``lastResponseFlushed()`` is to follow when it has left the process.
    mutating func writeEnd(now: () -> NIODeadline) -> (isLast: Bool, action: Action) {
        isResponding = false
        unanswered = max(0, unanswered - 1)
        guard isDraining else { return (false, .none) }
        if mode == .ending, unanswered == 0 {
            mode = .ended
            return (true, .none)
        }
        return (false, becameIdle(now: now()))
    }

    /// The last response has been handed to the kernel.
    func lastResponseFlushed() -> Action { .halfClose }

    /// FIN is sent, by this machine's will or the application's.
    mutating func outputClosed(now: NIODeadline) -> Action {
        mode = .ended
        return isDraining ? .schedule(now + Self.closeGrace) : .none
    }

    /// The server stops.
    mutating func beginDrain(now: NIODeadline) -> Action {
        guard !isDraining else { return .none }
        isDraining = true
        if mode == .ended { return .schedule(now + Self.closeGrace) }
        mode = .draining
        return becameIdle(now: now)
    }

    /// The instant of ``Action/schedule(_:)`` has come.
    ///
    /// - Parameters:
    ///   - now: The instant it is.
    ///   - hasUnread: Whether bytes wait in the kernel.
    ///   - hasUnsent: Whether a response has not left the process yet.
    mutating func timerElapsed(now: NIODeadline, hasUnread: Bool, hasUnsent: Bool) -> Action {
        let settled = !hasUnread && !hasUnsent
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
        case .draining, .ending, .serving:
            // A request is being received or answered, and its end brings the next timer.
            return .none
        }
    }

    private var isWanted: Bool { !isDiscarding && !isReadingToTheEnd }

    private mutating func becameIdle(now: NIODeadline) -> Action {
        switch mode {
        case .ended:
            return .schedule(now + Self.closeGrace)
        case .draining where isIdle:
            idleSince = now
            return .schedule(now + linger)
        case .draining, .ending, .serving:
            return .none
        }
    }
}
