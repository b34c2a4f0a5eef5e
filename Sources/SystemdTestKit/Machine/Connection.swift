internal import CSystemdTestKit
internal import Systemd

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// How the peer ended a connection before a complete response.
public enum ConnectionError: Error, Equatable, Sendable {
    /// Nobody listens.
    case refused
    /// The peer sent RST.
    case reset
    /// A FIN in the middle of a response.
    case truncated
    /// Nothing came in the time given.
    case timeout
    /// Another failure: errno.
    case failed(CInt)
}

/// A TCP connection, from inside a machine's network if asked for, whose bytes the test chooses one by one.
///
/// Closed when the last reference goes away.
public final class Connection: Sendable {
    private let descriptor: CInt
    private let unread = Locked<[UInt8]>([])

    private init(descriptor: CInt) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Connects to a port of the loopback address.
    ///
    /// - Parameters:
    ///   - port: The port.
    ///   - machine: In whose network; nil is this process's own.
    ///   - receiveBuffer: The socket's SO_RCVBUF; small for a client that shall not take much in advance.
    /// - Returns: The connection, as soon as the kernel has it.
    /// - Throws: ``ConnectionError``.
    public static func open(
        to port: UInt16,
        in machine: Machine?,
        receiveBuffer: CInt? = nil
    ) async throws -> Connection {
        guard let connection = try await open(1, to: port, in: machine, receiveBuffer: receiveBuffer).first else {
            throw ConnectionError.failed(0)
        }
        return connection
    }

    /// Opens many connections, one after the other.
    public static func open(
        _ count: Int,
        to port: UInt16,
        in machine: Machine?,
        receiveBuffer: CInt? = nil
    ) async throws -> [Connection] {
        let leader = machine?.leader
        return try await blocking {
            let network = leader.map { openFile("/proc/\($0)/ns/net", O_RDONLY | O_CLOEXEC) }
            if let network, network < 0 {
                throw MachineError("the machine is gone: \(String(cString: strerror(errno)))")
            }
            defer { if let network { close(network) } }
            return try (0..<count).map { _ in
                try connect(
                    port,
                    socket: testkit_socket(network ?? -1, AF_INET, SocketConstants.stream),
                    receiveBuffer: receiveBuffer
                )
            }
        }
    }

    private static func connect(_ port: UInt16, socket: CInt, receiveBuffer: CInt?) throws -> Connection {
        let connection = Connection(descriptor: socket)
        guard connection.descriptor >= 0 else { throw ConnectionError.failed(errno) }
        if var size = receiveBuffer {
            setsockopt(connection.descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<CInt>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connectSocket(connection.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw failure(errno) }
        return connection
    }

    private static func failure(_ code: CInt) -> ConnectionError {
        switch code {
        case ECONNREFUSED: .refused
        case ECONNRESET, EPIPE: .reset
        default: .failed(code)
        }
    }

    /// Sends these bytes, all of them in one call as long as the kernel takes them.
    public func send(_ text: String) async throws {
        try await send(Array(text.utf8))
    }

    /// Sends these bytes, all of them in one call as long as the kernel takes them.
    public func send(_ bytes: [UInt8]) async throws {
        try await blocking { [self] in
            var bytes = bytes[...]
            while !bytes.isEmpty {
                let sent = bytes.withUnsafeBytes { testkit_send(descriptor, $0.baseAddress, $0.count) }
                guard sent >= 0 else { throw Self.failure(errno) }
                bytes = bytes.dropFirst(sent)
            }
        }
    }

    /// Receives some bytes; none at all is the peer's FIN.
    public func receive(limit: Int = 65536, seconds: Double = 20) async throws -> [UInt8] {
        let buffered = unread.withLock { bytes in
            defer { bytes = [] }
            return bytes
        }
        if !buffered.isEmpty { return buffered }
        return try await blocking { [self] in
            var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&event, 1, CInt(seconds * 1000)) > 0 else { throw ConnectionError.timeout }
            return try Array<UInt8>(unsafeUninitializedCapacity: limit) { buffer, count in
                let received = recv(descriptor, buffer.baseAddress, limit, 0)
                guard received >= 0 else { throw Self.failure(errno) }
                count = received
            }
        }
    }

    /// Says that nothing more will be sent: a FIN. What the peer sends can still be received.
    public func finish() {
        shutdown(descriptor, CInt(SHUT_WR))
    }

    /// Makes the end of the connection, when the last reference goes away, an RST.
    public func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    }

    /// Gives back what was received too much, for the next ``receive(limit:seconds:)``.
    package func putBack(_ bytes: some Sequence<UInt8>) {
        unread.withLock { $0 = Array(bytes) + $0 }
    }
}

// By names that the methods above do not have.
private func openFile(_ path: String, _ flags: CInt) -> CInt { open(path, flags) }
private func connectSocket(_ socket: CInt, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> CInt {
    connect(socket, address, length)
}
