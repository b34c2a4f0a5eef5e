#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The C library's socket constants, some of them an enumeration on Linux and plain numbers elsewhere.
package enum SocketConstants {
    #if os(Linux)
    static let netlink: CInt? = AF_NETLINK
    #else
    static let netlink: CInt? = nil
    #endif
    #if canImport(Glibc)
    package static let stream = CInt(SOCK_STREAM.rawValue)
    package static let datagram = CInt(SOCK_DGRAM.rawValue)
    package static let sequentialPacket = CInt(SOCK_SEQPACKET.rawValue)
    #else
    package static let stream = SOCK_STREAM
    package static let datagram = SOCK_DGRAM
    package static let sequentialPacket = SOCK_SEQPACKET
    #endif
}

/// The value of an environment variable. The corresponding C function is `getenv`.
package func environmentValue(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}
