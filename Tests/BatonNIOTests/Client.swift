import Systemd

@testable import BatonNIO

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A client of one connection; its calls block, but for ten seconds at most, so call it in ``blocking(_:)``.
final class Client: Sendable {
    private let descriptor: CInt

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, SocketConstants.stream, 0)
        limitWaiting(descriptor)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw ClientError(what: "connect: \(errno)") }
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws {
        guard write(descriptor, text, text.utf8.count) == text.utf8.count else {
            throw ClientError(what: "write: \(errno)")
        }
    }

    /// What has come, at most so many bytes; empty at the end of the connection.
    func receive(_ most: Int = 4096) throws -> String {
        try withUnsafeTemporaryAllocation(byteCount: most, alignment: 1) { bytes in
            let count = read(descriptor, bytes.baseAddress, most)
            guard count >= 0 else { throw ClientError(what: "read: \(errno)") }
            return String(decoding: bytes.prefix(count), as: UTF8.self)
        }
    }

    /// Sends no more, but may still receive.
    func endSending() throws {
        guard shutdown(descriptor, CInt(SHUT_WR)) == 0 else { throw ClientError(what: "shutdown: \(errno)") }
    }

    func request(_ path: String) throws {
        try send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
    }

    /// The body of the answer to a GET.
    func get(_ path: String) throws -> String {
        try request(path)
        var text = ""
        while true {
            let more = try receive()
            guard !more.isEmpty else { throw ClientError(what: "the connection ended after \(text.utf8.count) bytes") }
            text += more
            // Bodies are short: if any of it is there, all of it is.
            let parts = text.split(separator: "\r\n\r\n", maxSplits: 1)
            if parts.count == 2 { return String(parts[1]) }
        }
    }
}

struct ClientError: Error {
    let what: String
}

/// Lets no call on the socket wait for longer than ten seconds.
func limitWaiting(_ descriptor: CInt) {
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
        setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
}

/// Runs what blocks on a thread of its own: on the cooperative pool it would keep the server from running.
func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        do {
            try DetachedThread.start(named: "test") { continuation.resume(with: Swift.Result { try body() }) }
        } catch {
            continuation.resume(throwing: error)
        }
    }
}
