#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The address of a socket or of its peer.
public enum SocketAddress: Sendable, Hashable {
    /// An IPv4 address in dotted form, and a port.
    case ipv4(String, port: UInt16)
    /// An IPv6 address in its text form (with `%scope` where it has one), and a port.
    case ipv6(String, port: UInt16)
    /// A UNIX socket at a path of the file system.
    case unix(path: String)
    /// A UNIX socket in Linux' abstract namespace, its name without the leading NUL.
    case abstract(name: String)
    /// A UNIX socket without an address.
    case unnamed
    /// An address family that this type has no case for, by its number (`AF_NETLINK` is 16).
    case other(family: Int)

    /// The local address of `descriptor`, or nil where it is no socket. The corresponding C function is `getsockname`.
    package init?(localOf descriptor: CInt) {
        self.init { getsockname(descriptor, $0, $1) }
    }

    /// The address of the peer of `descriptor`, or nil where it has none. The corresponding C function is `getpeername`.
    package init?(peerOf descriptor: CInt) {
        self.init { getpeername(descriptor, $0, $1) }
    }

    private init?(_ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, &length) }
        }
        guard result == 0 else { return nil }
        self = withUnsafeBytes(of: storage) {
            SocketAddress(bytes: UnsafeRawBufferPointer(rebasing: $0.prefix(Int(length))))
        }
    }

    /// The address in a `sockaddr` of so many bytes.
    package init(bytes: UnsafeRawBufferPointer) {
        let familyOffset = MemoryLayout<sockaddr>.offset(of: \.sa_family) ?? 0
        guard bytes.count >= familyOffset + MemoryLayout<sa_family_t>.size else {
            self = .unnamed
            return
        }
        switch CInt(bytes.loadUnaligned(fromByteOffset: familyOffset, as: sa_family_t.self)) {
        case AF_INET where bytes.count >= MemoryLayout<sockaddr_in>.size:
            let address = bytes.loadUnaligned(as: sockaddr_in.self)
            self = .ipv4(Self.numericHost(bytes), port: UInt16(bigEndian: address.sin_port))
        case AF_INET6 where bytes.count >= MemoryLayout<sockaddr_in6>.size:
            let address = bytes.loadUnaligned(as: sockaddr_in6.self)
            self = .ipv6(Self.numericHost(bytes), port: UInt16(bigEndian: address.sin6_port))
        case AF_UNIX:
            self = Self.unix(bytes.dropFirst(MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2))
        case let family:
            self = .other(family: Int(family))
        }
    }

    private static func unix(_ path: Slice<UnsafeRawBufferPointer>) -> SocketAddress {
        guard let first = path.first else { return .unnamed }
        if first == 0 { return .abstract(name: String(decoding: path.dropFirst(), as: UTF8.self)) }
        return .unix(path: String(decoding: path.prefix { $0 != 0 }, as: UTF8.self))
    }

    private static func numericHost(_ bytes: UnsafeRawBufferPointer) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NI_MAXHOST)) { host in
            let result = bytes.withMemoryRebound(to: sockaddr.self) { address in
                getnameinfo(
                    address.baseAddress,
                    socklen_t(bytes.count),
                    host.baseAddress,
                    socklen_t(host.count),
                    nil,
                    0,
                    NI_NUMERICHOST
                )
            }
            guard result == 0, let start = host.baseAddress else { return "?" }
            return String(cString: start)
        }
    }
}

extension SocketAddress: CustomStringConvertible {
    /// The address as an operator writes it: `127.0.0.1:8080`, `[::1]:8080`, `/run/app.sock`, `@abstract`.
    public var description: String {
        switch self {
        case .ipv4(let host, let port): "\(host):\(port)"
        case .ipv6(let host, let port): "[\(host)]:\(port)"
        case .unix(let path): path
        case .abstract(let name): "@\(name)"
        case .unnamed: "(no address)"
        case .other(let family): "(address family \(family))"
        }
    }
}
