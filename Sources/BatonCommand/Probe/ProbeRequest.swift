import NIOCore
import NIOHTTP1

/// A request as the clients of one mode send it, and what a right answer to it is.
struct ProbeRequest: Sendable {
    var head: HTTPRequestHead
    /// What the body, or of mode `drip` the whole request, is sent in; a pause lies between one and the next.
    var pieces: [ByteBuffer] = []
    /// All its bytes, where they are sent at once; nil where they come in pieces, and where another protocol has its own.
    var whole: ByteBuffer?
    var expected: ExpectedBody
}

extension ProbeRequest {
    /// How many pieces a slow body is sent in.
    static let slowPieces = 6

    static func make(for mode: ProbeMode, plan: ProbePlan) -> ProbeRequest {
        var headers: HTTPHeaders = ["Host": plan.target.authority, "User-Agent": "baton-probe"]
        if !mode.keepsConnection, mode != .stream { headers.add(name: "Connection", value: "close") }
        switch mode {
        case .newConnection, .keepAlive, .keepAlivePause, .connectPause, .idle, .stream:
            return atOnce(plan.path, headers, plan.expected)
        case .webSocket:
            // `Connection` and what else the handshake needs is added by it.
            return ProbeRequest(
                head: HTTPRequestHead(version: .http1_1, method: .GET, uri: plan.webSocketPath, headers: headers),
                expected: .text(WebSocketEchoHandler.right)
            )
        case .drip:
            let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: plan.path, headers: headers)
            let pieces = bytes(of: head).map { ByteBuffer(bytes: [$0]) }
            return ProbeRequest(head: head, pieces: pieces, expected: plan.expected)
        case .long:
            let uri = "/sleep/?duration=\(GoDuration.text(plan.longDuration))"
            return atOnce(uri, headers, .sleep(nanoseconds: plan.longDuration.wholeNanoseconds))
        case .slowBody:
            let body = "duration=1ms"
            headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            headers.add(name: "Content-Length", value: "\(body.utf8.count)")
            let size = body.utf8.count / slowPieces
            let bytes = Array(body.utf8)
            return ProbeRequest(
                head: HTTPRequestHead(version: .http1_1, method: .POST, uri: "/sleep/", headers: headers),
                pieces: stride(from: 0, to: bytes.count, by: size).map {
                    ByteBuffer(bytes: bytes[$0..<min($0 + size, bytes.count)])
                },
                expected: .sleep(nanoseconds: 1_000_000)
            )
        }
    }

    private static func atOnce(_ uri: String, _ headers: HTTPHeaders, _ expected: ExpectedBody) -> ProbeRequest {
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: uri, headers: headers)
        return ProbeRequest(head: head, whole: ByteBuffer(bytes: bytes(of: head)), expected: expected)
    }

    private static func bytes(of head: HTTPRequestHead) -> [UInt8] {
        let fields = head.headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        return Array("\(head.method) \(head.uri) HTTP/1.1\r\n\(fields)\r\n".utf8)
    }
}
