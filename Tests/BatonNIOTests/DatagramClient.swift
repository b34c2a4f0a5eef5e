@testable import Baton
@testable import BatonNIO
@testable import Systemd

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A datagram socket as a socket unit opens it, which blocks; each server of a test gets a duplicate.
final class DatagramHolder: Sendable {
    enum Address: Sendable {
        case port(UInt16)
        case path(String)
    }

    let descriptor: CInt
    let address: Address

    /// A UDP socket on loopback.
    init() throws {
        let descriptor = socket(AF_INET, SocketConstants.datagram, 0)
        self.descriptor = descriptor
        guard withLoopback(port: 0, { bind(descriptor, $0, $1) }) == 0,
            case .ipv4(_, let port) = Systemd.SocketAddress(localOf: descriptor)
        else { throw ClientError(what: "bind: \(errno)") }
        address = .port(port)
    }

    /// A UNIX socket.
    init(path: String) throws {
        unlink(path)
        let descriptor = socket(AF_UNIX, SocketConstants.datagram, 0)
        self.descriptor = descriptor
        guard withUnixAddress(path, { bind(descriptor, $0, $1) }) == 0 else {
            throw ClientError(what: "bind: \(errno)")
        }
        address = .path(path)
    }

    deinit {
        close(descriptor)
        if case .path(let path) = address { unlink(path) }
    }

    /// What a server is started with.
    func duplicate() throws -> ListenSocket {
        var sockets = ListenSockets()
        sockets.append(owning: dup(descriptor), name: "udp")
        return try sockets.take("udp", index: 0)
    }

    /// A client of it; one of a UNIX socket has an address only if a path is given.
    func client(path: String? = nil) throws -> DatagramClient {
        switch address {
        case .port(let port):
            let client = DatagramClient(socket(AF_INET, SocketConstants.datagram, 0))
            guard withLoopback(port: port, { connect(client.descriptor, $0, $1) }) == 0 else {
                throw ClientError(what: "connect: \(errno)")
            }
            return client
        case .path(let server):
            let client = DatagramClient(socket(AF_UNIX, SocketConstants.datagram, 0))
            if let path {
                unlink(path)
                guard withUnixAddress(path, { bind(client.descriptor, $0, $1) }) == 0 else {
                    throw ClientError(what: "bind: \(errno)")
                }
            }
            guard withUnixAddress(server, { connect(client.descriptor, $0, $1) }) == 0 else {
                throw ClientError(what: "connect: \(errno)")
            }
            return client
        }
    }
}

/// Its calls block, but for ten seconds at most.
final class DatagramClient: Sendable {
    let descriptor: CInt

    init(_ descriptor: CInt) {
        self.descriptor = descriptor
        limitWaiting(descriptor)
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws {
        guard write(descriptor, text, text.utf8.count) == text.utf8.count else {
            throw ClientError(what: "send: \(errno)")
        }
    }

    /// The next datagram.
    func receive() throws -> String {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        guard count >= 0 else { throw ClientError(what: "receive: \(errno)") }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    func ask(_ text: String) throws -> String {
        try send(text)
        return try receive()
    }
}

private func withLoopback(port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
