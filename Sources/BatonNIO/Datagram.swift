public import NIOCore
public import Systemd

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A datagram that a ``DrainingDatagramServer`` has received.
public struct Datagram: Sendable {
    /// What was sent.
    public let bytes: ByteBuffer
    let address: sockaddr_storage
    let addressLength: socklen_t

    /// Who sent it. The client of a UNIX socket that has bound none itself has no address
    /// (`SocketAddress.unnamed`), and cannot be answered.
    public var sender: Systemd.SocketAddress {
        withUnsafeBytes(of: address) {
            Systemd.SocketAddress(bytes: UnsafeRawBufferPointer(rebasing: $0.prefix(Int(addressLength))))
        }
    }

    /// Whether its sender has an address: one of a UNIX socket has only its family without.
    var canBeAnswered: Bool { Int(addressLength) > MemoryLayout<sockaddr>.offset(of: \.sa_data) ?? 2 }
}
