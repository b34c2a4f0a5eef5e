import NIOCore

/// How one WebSocket connection ends: frames and time go in, what to do comes out.
///
/// Whoever sends Close first waits for the other's. When both are sent the server ends the TCP connection: it sends FIN, reads what the
/// client still sends, and closes.
struct WebSocketDrainStateMachine {
    /// What to do when something has changed.
    enum Action: Hashable {
        case none
        /// Write a Close frame, say ``closeWritten()``, and ``closeFlushed(now:)`` when it has left the process.
        case send(WebSocketClose)
        /// Ask again (``timerElapsed(now:hasUnread:hasUnsent:)``) at this instant.
        case schedule(NIODeadline)
        /// Send FIN, and say ``outputClosed(now:)``.
        case halfClose
        case close
    }

    private enum Mode: Hashable {
        case open
        /// Close is to be sent behind a message of which fragments have been sent.
        case wanted(WebSocketClose)
        /// Close has been written.
        case sent
        /// FIN is sent.
        case finishing
        case closed
    }

    /// How long the client has to close its side after FIN.
    private static let closeGrace = TimeAmount.milliseconds(250)

    private let timeout: TimeAmount
    private var mode = Mode.open
    private var deadline = NIODeadline.distantFuture
    private var isFlushed = false
    private var isInputClosed = false
    /// The client has sent Close.
    private(set) var isReceived = false
    /// What the client sends cannot be understood any more.
    private var isBroken = false
    /// The client has not answered Close in time, or has not even read it.
    private(set) var isLate = false
    /// A message of several frames is being written.
    private var isWritingMessage = false
    private var moves: UInt64 = 0

    init(timeout: TimeAmount) {
        self.timeout = timeout
    }

    /// Messages of the client are delivered.
    var isDelivering: Bool {
        switch mode {
        case .open, .wanted, .sent: !isReceived && !isBroken
        case .finishing, .closed: false
        }
    }

    /// No Close has been sent yet.
    var isOpen: Bool {
        switch mode {
        case .open, .wanted: true
        case .sent, .finishing, .closed: false
        }
    }

    /// All that is left to do is to read what the client still sends, and to drop it.
    var isReadingToTheEnd: Bool { !isDelivering && mode != .closed }

    /// Something has been received or written.
    mutating func moved() { moves &+= 1 }

    /// What the connection is at: an open one counts as one request until it has been closed.
    func census(unsent: Int, inKernel: Int) -> ConnectionCensus {
        let isBusy = mode != .finishing && mode != .closed
        return ConnectionCensus(
            requests: isBusy ? 1 : 0,
            idle: isBusy ? 0 : 1,
            activity: (moves &+ 1) &* 0x9E37_79B9_7F4A_7C15 &- UInt64(unsent + inKernel)
        )
    }

    /// This side wants to close.
    mutating func beginClose(_ close: WebSocketClose, now: NIODeadline) -> Action {
        guard mode == .open else { return .none }
        deadline = now + timeout
        if isWritingMessage {
            mode = .wanted(close)
            return .schedule(deadline)
        }
        mode = .sent
        return .send(close)
    }

    /// The application has written a data frame.
    ///
    /// - Parameter isFinal: It is the last, or only, one of its message.
    mutating func wroteData(isFinal: Bool) -> Action {
        isWritingMessage = !isFinal
        guard isFinal, case .wanted(let close) = mode else { return .none }
        mode = .sent
        return .send(close)
    }

    /// A Close frame has been written.
    func closeWritten() -> Action { .schedule(deadline) }

    /// It has left the process.
    mutating func closeFlushed(now: NIODeadline) -> Action {
        isFlushed = true
        return finishIfDone(now)
    }

    /// The client has sent Close.
    mutating func receivedClose(answer: WebSocketClose, now: NIODeadline) -> Action {
        guard isDelivering else { return .none }
        isReceived = true
        return end(answer, now)
    }

    /// The client has violated the protocol.
    mutating func failed(_ close: WebSocketClose, now: NIODeadline) -> Action {
        guard isDelivering else { return .none }
        isBroken = true
        return end(close, now)
    }

    /// FIN is sent.
    mutating func outputClosed(now: NIODeadline) -> Action {
        guard mode != .closed else { return .none }
        mode = .finishing
        deadline = min(deadline, now + timeout)
        return .schedule(now + Self.closeGrace)
    }

    /// The client has sent FIN.
    mutating func inputClosed() -> Action {
        isInputClosed = true
        // What is on its way to a client that may still read it is waited for.
        if mode == .sent, !isFlushed { return .none }
        return close()
    }

    /// The instant of ``Action/schedule(_:)`` has come.
    mutating func timerElapsed(now: NIODeadline, hasUnread: Bool, hasUnsent: Bool) -> Action {
        switch mode {
        case .open, .closed:
            return .none
        case .wanted(let close):
            guard now >= deadline else { return .schedule(deadline) }
            isLate = true
            mode = .sent
            deadline = now + Self.closeGrace
            return .send(close)
        case .sent:
            guard now >= deadline else { return .schedule(deadline) }
            isLate = true
            return isFlushed ? finishIfDone(now) : close()
        case .finishing:
            // What is not understood may be the middle of a large frame, of which more is on its way.
            let isSettled = !hasUnread && !hasUnsent && !isBroken
            return isSettled || now >= deadline ? close() : .schedule(now + Self.closeGrace)
        }
    }

    private mutating func end(_ close: WebSocketClose, _ now: NIODeadline) -> Action {
        guard isOpen else { return finishIfDone(now) }
        mode = .sent
        deadline = now + timeout
        return .send(close)
    }

    private mutating func finishIfDone(_ now: NIODeadline) -> Action {
        guard mode == .sent, isFlushed, isReceived || isBroken || isLate || isInputClosed else { return .none }
        if isInputClosed { return close() }
        // Again as long as it takes to read what the client still sends.
        deadline = now + timeout
        return .halfClose
    }

    private mutating func close() -> Action {
        guard mode != .closed else { return .none }
        mode = .closed
        return .close
    }
}
