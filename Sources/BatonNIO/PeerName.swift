package import NIOCore

/// A connection's other end, for a log line: `127.0.0.1:50042`, `[::1]:50042`.
package struct PeerName: CustomStringConvertible {
    /// The text.
    package let description: String

    /// - Parameter address: The channel's remote address.
    package init(_ address: SocketAddress?) {
        switch address {
        case .v4, .v6:
            let (host, port) = (address?.ipAddress ?? "", address?.port ?? 0)
            description = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unixDomainSocket: description = "a client of the UNIX socket"
        case nil: description = "a client whose address is unknown"
        }
    }
}
