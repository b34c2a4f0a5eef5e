import Synchronization

@testable import BatonNIO
@testable import Systemd

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Stands where the service manager's notification socket is, and notes when which message comes.
final class FakeManager: Sendable {
    struct Message: Sendable {
        let text: String
        let instant: ContinuousClock.Instant
    }

    private static let number = Atomic(0)
    private let path: String
    private let isEnding: Told
    private let messages = Mutex<[Message]>([])

    init() throws {
        let number = Self.number.add(1, ordering: .relaxed).newValue
        path = "/tmp/baton-manager-\(getpid())-\(number)"
        isEnding = Told()
        let descriptor = socket(AF_UNIX, SocketConstants.datagram, 0)
        var limit = timeval(tv_sec: 0, tv_usec: 50_000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnixAddress(path) { bind(descriptor, $0, $1) }
        guard result == 0 else { throw ClientError(what: "bind: \(errno)") }
        try DetachedThread.start(named: "manager") { [weak self, isEnding] in
            var bytes = [UInt8](repeating: 0, count: 4096)
            while isEnding.all.isEmpty {
                let count = recv(descriptor, &bytes, bytes.count, 0)
                let message = Message(text: String(decoding: bytes.prefix(max(0, count)), as: UTF8.self), instant: .now)
                if count > 0 { self?.messages.withLock { $0.append(message) } }
            }
            close(descriptor)
        }
    }

    deinit {
        isEnding.note(.requested)
        unlink(path)
    }

    var notifier: ServiceNotifier { ServiceNotifier(connectedTo: path) }

    var all: [Message] { messages.withLock { $0 } }

    /// When the messages have come; they are all pings.
    var pings: [ContinuousClock.Instant] { all.filter { $0.text == "WATCHDOG=1" }.map(\.instant) }

    /// Returns when there are so many pings, or after ten seconds.
    func wait(forPings count: Int) async throws {
        try await wait { self.pings.count >= count }
    }

    /// Returns when all that has been sent to it by now is in ``all``.
    func catchUp() async throws {
        let mark = "X_MARK=\(Self.number.add(1, ordering: .relaxed).newValue)"
        _ = notifier.send(mark, onBehalfOf: nil, descriptors: [])
        try await wait { self.all.contains { $0.text == mark } }
    }

    private func wait(until isSo: () -> Bool) async throws {
        let limit = ContinuousClock.now + .seconds(10)
        while !isSo(), .now < limit { try await Task.sleep(for: .milliseconds(2)) }
    }
}

/// Calls the body with the address of a UNIX socket at that path.
func withUnixAddress<Result>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
