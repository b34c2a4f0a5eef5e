import NIOCore

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
    /// An error without an errno.
    case unknown(String)

    init(_ error: any Error) {
        switch error {
        case let error as IOError: self = .failed(errno: error.errnoCode)
        case ChannelError.connectTimeout: self = .failed(errno: ETIMEDOUT)
        case ChannelError.eof, ChannelError.ioOnClosedChannel, ChannelError.alreadyClosed: self = .endOfFile
        default: self = .unknown(String(describing: error))
        }
    }

    var words: String {
        switch self {
        case .endOfFile: "end of file"
        case .failed(let errno): "errno \(errno), \(String(cString: strerror(errno)))"
        case .unknown(let text): text
        }
    }

    /// What it means for a request that could not even be written, because connect(2) failed.
    var kindWhenConnecting: OutcomeKind {
        switch self {
        case .failed(ECONNREFUSED): .refused
        case .failed(ETIMEDOUT): .connectTimeout
        case .failed(ECONNRESET): .reset
        default: .other
        }
    }

    /// What it means for a request that was written, at least its first byte.
    ///
    /// EPIPE counts as the end of file it follows: the kernel reports it instead of ECONNRESET if, and only if, the
    /// peer's FIN had arrived before its RST (`tcp_reset` in Linux).
    func kind(received: Int, reused: Bool) -> OutcomeKind {
        switch self {
        case .endOfFile, .failed(EPIPE):
            if received > 0 { .truncated } else { reused ? .keepAliveClosedAfterWritten : .emptyReply }
        case .failed(ECONNRESET): .reset
        default: .other
        }
    }
}
