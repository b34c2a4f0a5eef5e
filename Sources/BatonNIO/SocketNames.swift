package import NIOCore
package import Systemd

/// Which listen socket a connection came by, told by its local address: also of one that another process has accepted.
package struct SocketNames: Sendable {
    private var exact: [Systemd.SocketAddress: String] = [:]
    private var ports: [UInt16: String] = [:]
    private let first: String
    /// Some socket's address is one that SwiftNIO does not know whole: an abstract name, or an IPv6 address with a scope.
    private let needsKernel: Bool

    /// - Parameters:
    ///   - sockets: The listen sockets.
    ///   - first: The name of a connection that none of them tells.
    package init(_ sockets: [ListenSocket.Description], first: String) {
        self.first = first
        needsKernel = sockets.contains { socket in
            switch socket.localAddress {
            case .ipv6(let host, _): host.contains("%")
            case .abstract: true
            default: false
            }
        }
        for socket in sockets {
            guard let address = socket.localAddress else { continue }
            exact[address] = socket.name
            switch address {
            case .ipv4("0.0.0.0", let port), .ipv6("::", let port): ports[port] = socket.name
            default: break
            }
        }
    }

    /// The name of the socket that this channel's connection came by. To be called on its event loop.
    package func name(of channel: any Channel) -> String {
        if needsKernel, let address = Self.address(channel), let name = exact[address] { return name }
        guard let local = channel.localAddress else { return first }
        switch local {
        case .v4, .v6:
            guard let host = local.ipAddress, let port = local.port.flatMap(UInt16.init(exactly:)) else { return first }
            return exact[host.contains(":") ? .ipv6(host, port: port) : .ipv4(host, port: port)] ?? ports[port] ?? first
        case .unixDomainSocket:
            guard let path = local.pathname, !path.isEmpty else { return first }
            return exact[.unix(path: path)] ?? first
        }
    }

    private static func address(_ channel: any Channel) -> Systemd.SocketAddress? {
        let address = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self,
            Systemd.SocketAddress.init(localOf:)
        )
        return address ?? nil
    }
}
