import NIOCore
import NIOHTTP1

extension ClientMachine {
    enum Event: Sendable {
        /// The time of the next request has come.
        case due
        /// To a client of the open loop that is free: send the request that was due at this time, and is written down already.
        case send(due: Duration)
        /// To a client that awaits orders: open a connection, if there is none, and send a request on it.
        case open
        /// To a client that awaits orders: send a request on the connection there is, if there is one.
        case ask
        case connected
        case connectFailed(ConnectionEnd)
        /// The pause asked for last is over.
        case pauseOver
        /// Bytes came in, before anything is made of them.
        case received(Int)
        case head(HTTPResponseHead)
        case body(ByteBuffer)
        case responseEnd
        case malformed(String)
        case connectionEnded(ConnectionEnd)
        /// The server goes: what it has not answered can be sent elsewhere.
        case turnedAway(String)
        /// The request under way has used up its time.
        case deadline
        /// Begin no more requests; complete the one under way.
        case stop
        /// End now, whatever is under way.
        case abandon
    }

    enum Action: Equatable {
        case connect
        case close
        /// The response was the last of its connection, as was agreed: leave the close to the server, and forget it.
        case leaveToServer
        case issued
        case write(Part)
        case pause(Duration)
        /// Some of the request is written now, and some is not.
        case sending
        /// From here on nothing of it is kept back.
        case sent
        case record(Outcome)
        /// The server has ended the connection, or said that it does, and the client had not asked for it.
        case closed(ServerClose)
        case note(CleanClose)
        /// To the open loop: the request that it sent has ended, and there can be another.
        case free
        /// Send `due` at this time.
        case next(at: Duration)
        case finished
    }

    enum Part: Equatable {
        case head
        /// A piece of the body, or of the whole request where it is sent byte by byte, by its index.
        case piece(Int)
        case end
    }

    struct Settings {
        /// Which client it is, from 0.
        var client = 0
        var mode: ProbeMode
        var expected: ExpectedBody
        var pieces = 0
        /// So many pieces are written with the head, of the client's first request and of each other.
        var firstBurst = 0
        var burst = 0
        /// Between the end of a response and the next request, of `keep-alive-pause`.
        var thinkTime: Duration = .zero
        /// Between connect and request, of `connect-pause`.
        var connectPause: Duration = .zero
        var piecePause: Duration = .zero
        var spacing: Duration = .zero
        /// Its requests come with `send`, not with `due`.
        var isOpenLoop = false
        /// Between a request that failed and the next.
        var pauseAfterFailure: Duration = .milliseconds(10)
        var timeout: Duration
    }
}
