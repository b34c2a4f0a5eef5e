public import NIOCore

/// What a client speaks on a connection without TLS, told by the first bytes it sends.
public enum FirstBytes: Sendable, Hashable {
    /// HTTP/1.1, or whatever else is not HTTP/2.
    case http1
    /// HTTP/2 by prior knowledge (RFC 9113, 3.3).
    case http2

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    /// Looks at the bytes a connection begins with; nil if they are too few to tell.
    ///
    /// The request line of every HTTP/1.1 request differs in the first three bytes.
    public init?(_ bytes: ByteBuffer) {
        let view = bytes.readableBytesView
        guard Self.preface.starts(with: view.prefix(Self.preface.count)) else {
            self = .http1
            return
        }
        guard view.count >= Self.preface.count else { return nil }
        self = .http2
    }
}
