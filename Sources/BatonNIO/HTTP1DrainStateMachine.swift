import NIOCore

/// How one HTTP/1.1 connection ends without losing a request: what it reads and writes goes in, what to do comes out.
///
/// The one safe moment to end a connection is a response that says `Connection: close`; a pipelined request that has been
/// received must be answered first, so only the last answer says it. A connection that idles is served for the linger
/// and then closed, which its client may find out the hard way only if it writes at that very moment.
struct HTTP1DrainStateMachine {
    /// What to do when something has changed.
    enum Action: Hashable {
        case none
        /// Ask again (``lingerElapsed(now:hasUnread:)``) at this instant.
        case scheduleLinger(until: NIODeadline)
        /// Send FIN, but go on reading: data left unread would turn the close into a reset.
        case halfClose(thenCloseAt: NIODeadline)
        case close
    }

    private enum Mode: Hashable {
        case serving
        case draining
        /// The last response has been announced as such; what arrives now is not answered.
        case ending
        /// The last response is written.
        case ended
    }

    private let linger: TimeAmount
    private var mode = Mode.serving
    /// Since when, in the drain, nothing is being read or answered.
    private var idleSince: NIODeadline
    /// Bytes received of a request whose head is not complete.
    private(set) var headBytes = 0
    /// A head has been read and its end has not.
    private(set) var isReadingBody = false
    /// Requests whose response has not ended.
    private(set) var unanswered = 0
    /// The response to the oldest of them has begun.
    private(set) var isResponding = false
    /// The request being discarded because it came after the last response was announced.
    private var isDiscarding = false

    init(linger: TimeAmount) {
        self.linger = linger
        self.idleSince = .distantPast
    }

    /// Nothing has been received that is not answered.
    var isIdle: Bool { unanswered == 0 && !isReadingBody && headBytes == 0 }

    /// Bytes have come from the network, before the decoder sees them.
    mutating func received(bytes count: Int) {
        headBytes += count
    }

    /// The decoder has seen all that was received, and made nothing of the last `count` bytes.
    mutating func decoded(leaving count: Int) {
        headBytes = count
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
        return !isDiscarding
    }

    /// A request's end has been decoded. Returns whether to pass it on.
    mutating func readEnd() -> Bool {
        headBytes = 0
        isReadingBody = false
        return !isDiscarding
    }

    /// A response is about to be written.
    ///
    /// - Parameter hasUnread: Whether bytes wait in the kernel, perhaps the next pipelined request.
    /// - Returns: Whether it must say `Connection: close`.
    mutating func writeHead(hasUnread: () -> Bool) -> Bool {
        isResponding = true
        guard mode == .draining, unanswered <= 1, headBytes == 0, !hasUnread() else { return false }
        mode = .ending
        return true
    }

    /// A response has been written to its end.
    ///
    /// - Returns: Whether it was the last: then ``lastResponseFlushed(now:)`` is to follow when it has left the process.
    mutating func writeEnd(now: () -> NIODeadline) -> (isLast: Bool, action: Action) {
        isResponding = false
        unanswered = max(0, unanswered - 1)
        switch mode {
        case .serving:
            return (false, .none)
        case .ending where unanswered == 0:
            mode = .ended
            return (true, .none)
        case .draining where isIdle:
            // Its head went out before the drain began, so its client may send another request.
            idleSince = now()
            return (false, .scheduleLinger(until: idleSince + linger))
        default:
            return (false, .none)
        }
    }

    /// The last response has been handed to the kernel.
    func lastResponseFlushed(now: NIODeadline) -> Action {
        .halfClose(thenCloseAt: now + linger)
    }

    /// The server stops.
    mutating func beginDrain(now: NIODeadline) -> Action {
        guard mode == .serving else { return .none }
        mode = .draining
        idleSince = now
        return isIdle ? .scheduleLinger(until: now + linger) : .none
    }

    /// The instant of ``Action/scheduleLinger(until:)`` or ``Action/halfClose(thenCloseAt:)`` has come.
    ///
    /// - Parameters:
    ///   - now: The instant it is.
    ///   - hasUnread: Whether bytes wait in the kernel.
    ///   - hasUnsent: Whether a response has not left the process yet.
    mutating func lingerElapsed(now: NIODeadline, hasUnread: Bool, hasUnsent: Bool) -> Action {
        switch mode {
        case .ended:
            return .close
        case .draining where isIdle && !hasUnread:
            if hasUnsent { return .scheduleLinger(until: now + linger) }
            let due = idleSince + linger
            if now < due { return .scheduleLinger(until: due) }
            mode = .ended
            return .close
        default:
            // A request is on its way: its response will end the connection.
            return .none
        }
    }
}
