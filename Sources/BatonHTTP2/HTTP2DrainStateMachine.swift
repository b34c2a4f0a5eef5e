import BatonNIO
import NIOCore
import NIOHTTP2

/// How one HTTP/2 connection ends without losing a request: what happens goes in, what to do comes out.
///
/// The GOAWAYs are the connection manager's. What it lacks is here: an end to the wait for an acknowledgement, and a close that waits
/// until all has been sent.
struct HTTP2DrainStateMachine {
    /// What to do when something has changed.
    enum Action: Hashable {
        case none
        /// Ask again (``timerElapsed(now:requests:isSettled:)``) at this instant.
        case schedule(NIODeadline)
        /// Let the manager believe that the client has acknowledged its PING.
        case acknowledge(HTTP2PingData)
        /// Send FIN behind all that was written, go on reading, and ask again at this instant.
        case halfClose(NIODeadline)
        case close
    }

    private enum Phase: Hashable {
        case serving
        /// Until the PING is acknowledged, or has been given up.
        case draining
        /// FIN is sent, or will be behind the last response.
        case closing
        case over
    }

    /// How long the client has to close its side, before all of it is closed.
    private static let closeGrace = TimeAmount.milliseconds(250)

    private let goAwayLimit: TimeAmount
    private var phase = Phase.serving
    private var hasGoAway = false
    /// The manager's PING, if it has not been acknowledged.
    private var ping: HTTP2PingData?
    /// The PING that has been given up.
    private var givenUp: HTTP2PingData?
    private var moves: UInt64 = 0

    init(goAwayLimit: TimeAmount) {
        self.goAwayLimit = goAwayLimit
    }

    /// Bytes have come, or a stream has opened or closed.
    mutating func moved() {
        moves &+= 1
    }

    /// What the connection is at.
    ///
    /// - Parameters:
    ///   - requests: How many streams are open.
    ///   - unsent: How many bytes have not left the process.
    ///   - inKernel: How many have, and the client has not acknowledged them.
    func census(requests: Int, unsent: Int, inKernel: Int) -> ConnectionCensus {
        let isBusy = requests > 0 || unsent > 0
        return ConnectionCensus(
            requests: isBusy ? max(1, requests) : 0,
            idle: isBusy ? 0 : 1,
            activity: (moves &+ 1) &* 0x9E37_79B9_7F4A_7C15 &- UInt64(unsent + inKernel)
        )
    }

    /// The server stops. Returns whether that is news.
    mutating func beginDrain() -> Bool {
        guard phase == .serving else { return false }
        phase = .draining
        return true
    }

    /// The manager has been asked to end the connection, and has written what it had to.
    func askedManager(now: NIODeadline) -> Action {
        // If it had begun to before, as it does with a connection that is idle for long, its PING may wait already.
        .schedule(now + goAwayLimit)
    }

    mutating func wroteGoAway() {
        hasGoAway = true
    }

    /// The manager has sent a PING; only the one behind its first GOAWAY matters.
    mutating func wrotePing(_ data: HTTP2PingData, now: NIODeadline) -> Action {
        guard hasGoAway, ping == nil, givenUp == nil else { return .none }
        ping = data
        return phase == .draining ? .schedule(now + goAwayLimit) : .none
    }

    /// The client has acknowledged a PING. Returns whether the manager is to hear of it.
    mutating func acknowledged(_ data: HTTP2PingData) -> Bool {
        if data == givenUp { return false }
        if data == ping { ping = nil }
        return true
    }

    /// Whether the server stops.
    var isDraining: Bool { phase != .serving }

    /// Whether a close is to wait until all has been sent.
    var mayCloseGently: Bool { phase == .draining || phase == .closing }

    /// The manager closes the connection: nothing is open any more.
    mutating func beginClose(now: NIODeadline) -> Action {
        guard phase == .draining else { return .none }
        phase = .closing
        return .halfClose(now + Self.closeGrace)
    }

    /// The deadline has come: what is closed now is closed at once.
    mutating func cut() {
        phase = .over
    }

    /// The instant of ``Action/schedule(_:)`` has come.
    ///
    /// - Parameters:
    ///   - now: The instant it is.
    ///   - requests: How many streams are open.
    ///   - isSettled: No bytes wait in the kernel to be read, and none in the process to be sent.
    mutating func timerElapsed(now: NIODeadline, requests: Int, isSettled: Bool) -> Action {
        switch phase {
        case .draining:
            if let ping {
                (self.ping, givenUp) = (nil, ping)
                return .acknowledge(ping)
            }
            guard !hasGoAway else { return .none }
            // There is no manager, or it has nothing to say: all that can be done is to wait for a moment without a request.
            return requests == 0 ? beginClose(now: now) : .schedule(now + Self.closeGrace)
        case .closing:
            guard isSettled else { return .schedule(now + Self.closeGrace) }
            phase = .over
            return .close
        case .serving, .over:
            return .none
        }
    }
}
