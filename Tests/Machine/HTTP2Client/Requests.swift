import NIOCore
import NIOHPACK
import NIOHTTP2

/// Keeps a number of requests under way on one connection, until it is told by GOAWAY to begin no more.
final class Requests: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private let ledger: Ledger
    private let path: String
    private let width: Int
    private var open: Set<HTTP2StreamID> = []
    private var wrong: Set<HTTP2StreamID> = []
    private var next = HTTP2StreamID(1)
    private var isGoingAway = false
    private var hasSettings = false
    /// The round of the last request, and the first one of it.
    private var (round, first) = (-1, HTTP2StreamID(1))
    private var isServedInRound = false
    /// Why the connection ends, if that is known.
    private var reason = "FIN"

    init(ledger: Ledger, path: String, width: Int) {
        self.ledger = ledger
        self.path = path
        self.width = width
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.payload {
        case .settings(.settings):
            hasSettings = true
        case .headers(let headers):
            if headers.headers.first(name: ":status") != "200" { wrong.insert(frame.streamID) }
            if headers.endStream { ended(frame.streamID) }
        case .data(let data):
            if data.endStream { ended(frame.streamID) }
        case .rstStream(let code):
            guard open.remove(frame.streamID) != nil else { break }
            if code == .refusedStream {
                ledger.count { $0.refused += 1 }
            } else {
                ledger.lost(1, "stream \(frame.streamID): reset with \(code)")
            }
        case .goAway(let last, let code, _):
            isGoingAway = true
            let refused = open.filter { $0 > last }
            open.subtract(refused)
            ledger.count { counts in
                if last == .maxID { counts.firstGoAways += 1 } else { counts.lastGoAways += 1 }
                counts.refused += refused.count
            }
            if code != .noError, !open.isEmpty { reason = "GOAWAY with \(code)" }
        default:
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        ledger.lost(
            open.count,
            "\(open.count) streams open when the connection ended (after GOAWAY: \(isGoingAway)): \(reason)"
        )
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A frame of a stream that has been given up meanwhile.
        if error is NIOHTTP2Errors.NoSuchStream || error is NIOHTTP2Errors.StreamError { return }
        reason = "\(error)"
        context.close(promise: nil)
    }

    private func ended(_ stream: HTTP2StreamID) {
        guard open.remove(stream) != nil else { return }
        if wrong.remove(stream) != nil {
            ledger.lost(1, "stream \(stream): not 200")
        } else {
            let isFirst = stream >= first && !isServedInRound
            if isFirst { isServedInRound = true }
            ledger.count { counts in
                counts.answered += 1
                if isFirst, round == counts.round { counts.served += 1 }
            }
        }
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard hasSettings else { return }
        // It is the server's to close a connection that it ends.
        guard !isGoingAway else { return }
        if ledger.isOver {
            if open.isEmpty { context.close(promise: nil) }
            return
        }
        let now = ledger.now.round
        if now != round { (round, first, isServedInRound) = (now, next, false) }
        while open.count < width {
            let headers: HPACKHeaders = [":method": "GET", ":scheme": "http", ":authority": "machine", ":path": path]
            open.insert(next)
            context.write(
                wrapOutboundOut(.init(streamID: next, payload: .headers(.init(headers: headers, endStream: true)))),
                promise: nil
            )
            next = next.advanced(by: 2)
        }
        context.flush()
    }
}
