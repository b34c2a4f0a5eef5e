/// How a request ended; each request ends in exactly one of these. The raw values are the keys of the JSON report.
enum OutcomeKind: String, CaseIterable, Codable, Sendable {
    case ok
    case refused
    case connectTimeout = "connect_timeout"
    case reset
    case emptyReply = "empty_reply"
    case truncated
    case timeout
    case serverError = "status_5xx"
    case unexpectedStatus = "status_unexpected"
    case keepAliveClosedAfterWritten = "keep_alive_closed_after_written"
    case wrongBody = "wrong_body"
    case tls = "tls_failed"
    /// Without Close, or with another code than one that says the server goes.
    case webSocketClosed = "websocket_closed"
    case other
    /// Not answered, and the server said that it can be sent again elsewhere; nothing is lost by it.
    case turnedAway = "turned_away"
    /// Still under way when the user stopped the probe for the second time, or too long after the first.
    case abandoned

    var isFailure: Bool { self != .ok && self != .turnedAway && self != .abandoned }

    var words: String {
        switch self {
        case .ok: "ok"
        case .refused: "connection refused"
        case .connectTimeout: "connect timed out"
        case .reset: "connection reset"
        case .emptyReply: "empty reply"
        case .truncated: "truncated response"
        case .timeout: "timed out"
        case .serverError: "status 5xx"
        case .unexpectedStatus: "other unexpected status"
        case .keepAliveClosedAfterWritten: "keep-alive closed after the request was written"
        case .wrongBody: "wrong body"
        case .tls: "TLS failed"
        case .webSocketClosed: "WebSocket closed with no or a wrong code"
        case .other: "other"
        case .turnedAway: "turned away to be sent again (no failure)"
        case .abandoned: "abandoned at the user's wish"
        }
    }
}

/// A connection that the server closed cleanly before the first byte of a request was written to it.
///
/// No request is lost by this: HTTP/1.1 lets a server close an idle connection at any time (RFC 9112, 9.3.1), and the
/// client saw it in time and used a new one. It is counted, and counted apart.
enum CleanClose: String, CaseIterable, Codable, Sendable {
    case keepAliveBeforeWritten = "keep_alive_closed_before_written"
    case freshBeforeWritten = "fresh_closed_before_written"

    var words: String {
        switch self {
        case .keepAliveBeforeWritten: "a kept connection"
        case .freshBeforeWritten: "a fresh connection"
        }
    }
}

/// A connection that the server ended though the client had not asked for that, whatever became of the requests on it.
///
/// A client that says `Connection: close` has asked for the close that follows the answer, and for no other.
enum ServerClose: Hashable, Sendable {
    /// An answer said `Connection: close`.
    case announced
    /// FIN or RST, between two requests or instead of an answer.
    case unannounced
}

/// The end of one request.
struct Outcome: Equatable, Sendable {
    /// Whose it was, from 0.
    var client = 0
    var mode: ProbeMode
    var kind: OutcomeKind
    /// What was read, or the errno; for a reader.
    var detail: String
    /// Since the probe's start, as all times here.
    var issuedAt: Duration
    var endedAt: Duration
    /// The part of the time that the client itself spent waiting between connect and request.
    var paused: Duration
    /// The process that answered, as the body says.
    var pid: Int?

    var latency: Duration { endedAt - issuedAt - paused }
}
