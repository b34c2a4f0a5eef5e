package import Systemd
internal import SystemPackage

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension ListenAddress {
    /// The kernel shortens it to net.core.somaxconn, which has been 4096 since Linux 5.4.
    fileprivate static let backlog: CInt = 4096

    /// How a socket is opened that others are to serve.
    package struct Options: Sendable {
        /// How many connections may wait.
        package var backlog = ListenAddress.backlog
        /// Whether it is for datagrams, which are not listened for.
        package var isDatagram = false
        /// Whether `accept(2)` waits on it, as programs expect that were written for Server::Starter.
        package var isBlocking = false
        /// Whether `::` takes IPv6 only.
        package var isOnlyV6 = false

        /// A stream socket for a program that waits with poll(2).
        package init() {}
    }

    /// Opens a listen socket at this address, close-on-exec. The caller closes it.
    ///
    /// The corresponding C functions are `socket`, `bind` and `listen`.
    ///
    /// - Throws: ``ActivationError/Code/cannotBind``.
    package func listen(_ options: Options = Options()) throws(ActivationError) -> CInt {
        switch self {
        case .tcp(let host, let port): try listenTCP(host: host, port: port, options)
        case .unix(let path): try listenUNIX(path: path, options)
        }
    }

    private func listenTCP(host: String, port: Int, _ options: Options) throws(ActivationError) -> CInt {
        guard !host.isEmpty else { throw refused("the host is empty; use 127.0.0.1, ::1, 0.0.0.0 or ::") }
        guard let number = UInt16(exactly: port) else { throw refused("a port is a number from 0 to 65535") }

        var hints = addrinfo()
        hints.ai_socktype = options.isDatagram ? SocketConstants.datagram : SocketConstants.stream
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var resolved: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, String(number), &hints, &resolved)
        defer { if let resolved { freeaddrinfo(resolved) } }
        guard result == 0, let first = resolved?.pointee, let address = first.ai_addr else {
            throw refused("host '\(host)' does not resolve: \(String(cString: gai_strerror(result)))")
        }
        return try listen(
            family: first.ai_family,
            address: address,
            length: first.ai_addrlen,
            options
        ) { descriptor in
            var on: CInt = 1
            // Connections of the process before this one may still be in TIME_WAIT.
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
            if first.ai_family == AF_INET6 {
                // The system's default (net.ipv6.bindv6only) must not decide what `::` means.
                var onlyV6: CInt = host == "::" && !options.isOnlyV6 ? 0 : 1
                setsockopt(descriptor, CInt(IPPROTO_IPV6), IPV6_V6ONLY, &onlyV6, socklen_t(MemoryLayout<CInt>.size))
            }
        }
    }

    private func listenUNIX(path: String, _ options: Options) throws(ActivationError) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let isAbstract = path.hasPrefix("@")
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, !bytes.contains(0) else { throw refused("the path is empty or has a NUL byte in it") }
        // An abstract name needs no terminator, but its @ stands for a NUL byte.
        guard bytes.count < capacity else {
            throw refused(
                "the path has \(bytes.count) bytes and a UNIX socket's may have \(capacity - 1); use a shorter one"
            )
        }
        withUnsafeMutableBytes(of: &address.sun_path) { field in
            field.copyBytes(from: bytes)
            if isAbstract { field[0] = 0 }
        }
        if !isAbstract { try removeStaleSocket(path: path, address: address) }

        let pathOffset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        let length = socklen_t(pathOffset + bytes.count + (isAbstract ? 0 : 1))
        return try withUnsafeBytes(of: address) { raw throws(ActivationError) in
            try raw.withMemoryRebound(to: sockaddr.self) { pointer throws(ActivationError) in
                guard let base = pointer.baseAddress else { throw refused("no address") }
                return try listen(family: AF_UNIX, address: base, length: length, options) { _ in }
            }
        }
    }

    /// Removes what a server that is gone has left at `path`; whatever else is there stays and is an error.
    private func removeStaleSocket(path: String, address: sockaddr_un) throws(ActivationError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw refused("something that is not a socket is already there; move it away or use another path")
        }
        let probe = socket(AF_UNIX, SocketConstants.stream, 0)
        guard probe >= 0 else { throw refused("socket", errno: .current) }
        defer { _ = close(probe) }
        // Not to wait in connect(2) for room in the backlog of somebody who does listen.
        _ = fcntl(probe, F_SETFL, O_NONBLOCK)
        let connected = withUnsafeBytes(of: address) { raw in
            raw.withMemoryRebound(to: sockaddr.self) {
                connect(probe, $0.baseAddress, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected != 0, Errno.current == .connectionRefused else { throw refused("bind", errno: .addressInUse) }
        guard unlink(path) == 0 else { throw refused("unlink of the socket left over there", errno: .current) }
    }

    private func listen(
        family: CInt,
        address: UnsafePointer<sockaddr>,
        length: socklen_t,
        _ options: Options,
        configure: (CInt) -> Void
    ) throws(ActivationError) -> CInt {
        let descriptor = socket(family, options.isDatagram ? SocketConstants.datagram : SocketConstants.stream, 0)
        guard descriptor >= 0 else { throw refused("socket", errno: .current) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        if !options.isBlocking { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
        configure(descriptor)
        for (name, failed) in [
            ("bind", { bind(descriptor, address, length) != 0 }),
            ("listen", { !options.isDatagram && listenCall(descriptor, options.backlog) != 0 }),
        ] where failed() {
            let errno = Errno.current
            _ = close(descriptor)
            throw refused(name, errno: errno)
        }
        return descriptor
    }
}

/// `listen(2)`, which the method of the same name hides.
private func listenCall(_ descriptor: CInt, _ backlog: CInt) -> CInt {
    listen(descriptor, backlog)
}

extension Errno {
    /// The calling thread's `errno`.
    fileprivate static var current: Errno { Errno(rawValue: errno) }
}

extension ListenAddress {
    fileprivate func refused(_ reason: String) -> ActivationError {
        ActivationError(.cannotBind, "cannot listen on \(self): \(reason)")
    }

    fileprivate func refused(_ call: String, errno: Errno) -> ActivationError {
        let advice =
            switch (errno, self) {
            case (.addressInUse, .tcp(_, let port)):
                "; another process listens there (ss -ltnp 'sport = :\(port)' shows it): stop it, use another port, or start this through a socket unit"
            case (.addressInUse, .unix(let path)):
                "; another process listens there (ss -lxp src \(path) shows it): stop it or use another path"
            case (.permissionDenied, .tcp):
                "; ports below 1024 need CAP_NET_BIND_SERVICE: let a socket unit hold it (ListenStream=), or use a higher port"
            case (.addressNotAvailable, _): "; this machine has no such address (ip address shows them)"
            case (.noSuchFileOrDirectory, .unix): "; its folder must exist"
            default: ""
            }
        return ActivationError(.cannotBind, "cannot listen on \(self): \(call): \(errno)\(advice)", errno: errno)
    }
}
