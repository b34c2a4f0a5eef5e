import NIOCore
import NIOSSL

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How a connection, or the attempt to make one, ended on the other side.
enum ConnectionEnd: Equatable, Sendable {
    /// The server closed it: read(2) returned 0.
    case endOfFile
    case failed(errno: CInt)
    /// It closed it, and TLS had not said that this was the end.
    case withoutCloseNotify
    case tls(String)
    /// One stream of HTTP/2, by RST_STREAM.
    case streamReset(String)
    /// A WebSocket, with Close; 1005 is one without a code (RFC 6455, 7.4.1).
    case webSocketClose(code: UInt16)
    /// An error without an errno.
    case unknown(String)

    init(_ error: any Error) {
        switch error {
        case let error as IOError: self = .failed(errno: error.errnoCode)
        case NIOSSLError.uncleanShutdown: self = .withoutCloseNotify
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: self = .tls(String(describing: error))
        case ChannelError.connectTimeout: self = .failed(errno: ETIMEDOUT)
        case ChannelError.eof, ChannelError.ioOnClosedChannel, ChannelError.alreadyClosed: self = .endOfFile
        default: self = .unknown(String(describing: error))
        }
    }

    var words: String {
        switch self {
        case .endOfFile: "end of file"
        case .failed(let errno): "errno \(errno), \(String(cString: strerror(errno)))"
        case .withoutCloseNotify: "end of file without close_notify"
        case .tls(let text): "TLS: \(text)"
        case .streamReset(let code): "RST_STREAM: \(code)"
        case .webSocketClose(let code): "Close with \(code)"
        case .unknown(let text): text
        }
    }

    /// Nobody can say more than that the other side closed the connection.
    var isClose: Bool { self == .endOfFile || self == .withoutCloseNotify }

    /// What it means for a request that could not even be written, because connect(2) or a handshake after it failed.
    var kindWhenConnecting: OutcomeKind {
        switch self {
        case .failed(ECONNREFUSED): .refused
        case .failed(ETIMEDOUT): .connectTimeout
        case .failed(ECONNRESET): .reset
        case .endOfFile, .withoutCloseNotify: .emptyReply
        case .tls: .tls
        default: .other
        }
    }

    /// What it means for a request that was written, at least its first byte.
    ///
    /// EPIPE counts as the end of file it follows: the kernel reports it instead of ECONNRESET if, and only if, the
    /// peer's FIN had arrived before its RST (`tcp_reset` in Linux).
    func kind(received: Int, reused: Bool) -> OutcomeKind {
        switch self {
        case .endOfFile, .withoutCloseNotify, .failed(EPIPE):
            if received > 0 { .truncated } else { reused ? .keepAliveClosedAfterWritten : .emptyReply }
        case .failed(ECONNRESET), .streamReset: .reset
        case .tls: .tls
        case .webSocketClose: .webSocketClosed
        default: .other
        }
    }
}
