import NIOCore
import NIOHTTP1

/// What has been read of one response: enough of it to judge it, and no more.
struct ResponseReading: Sendable {
    /// Longer than any text that is looked into.
    static let textLimit = 4096
    /// A body beyond this is cut off as wrong: no server can fill the probe's time with one response.
    static let bodyLimit = 1 << 30

    /// All bytes that came in on the connection since the request began, head and framing included.
    var received = 0
    private(set) var bodyBytes = 0
    private var head: HTTPResponseHead?
    private var text = ByteBuffer()

    mutating func take(_ head: HTTPResponseHead) { self.head = head }

    mutating func take(_ body: ByteBuffer) {
        bodyBytes += body.readableBytes
        let room = Self.textLimit - text.readableBytes
        if room > 0 {
            text.writeImmutableBuffer(
                body.getSlice(at: body.readerIndex, length: min(room, body.readableBytes)) ?? body
            )
        }
    }

    var isTooLong: Bool { bodyBytes > Self.bodyLimit }

    var words: String {
        let beginning = String(buffer: text).prefix(120).debugDescription
        guard let head else { return "read \(received) bytes, no complete head" }
        return "read \(received) bytes, status \(head.status.code), body of \(bodyBytes) bytes: \(beginning)"
    }

    var pid: Int? { ExpectedBody.pid(in: String(buffer: text)) }

    /// Whether the connection can carry another request. A body that is ended by the end of the connection leaves none.
    var leavesConnectionOpen: Bool {
        guard let head, head.isKeepAlive else { return false }
        let headers = head.headers
        return headers.contains(name: "content-length") || headers.contains(name: "transfer-encoding")
            || head.status == .noContent || head.status == .notModified
    }

    /// What an end of the connection at this response is.
    var close: ServerClose {
        let isAnnounced = head?.headers[canonicalForm: "connection"].contains { $0.lowercased() == "close" } ?? false
        return isAnnounced ? .announced : .unannounced
    }

    /// Judges a response that has been read to its end.
    func verdict(expecting expected: ExpectedBody) -> (kind: OutcomeKind, detail: String) {
        guard let head else { return (.other, "a response without a head") }
        switch head.status.code {
        case 200:
            guard let objection = expected.objection(to: String(buffer: text), count: bodyBytes) else {
                return (.ok, "")
            }
            return (.wrongBody, "\(objection); \(words)")
        case 500...599: return (.serverError, words)
        default: return (.unexpectedStatus, words)
        }
    }
}
