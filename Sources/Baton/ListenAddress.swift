/// Where to listen when nobody passes a listen socket.
public enum ListenAddress: Sendable, Hashable {
    /// A TCP address: the first one `host` resolves to. Port 0 lets the kernel choose.
    ///
    /// `::` takes IPv4 connections too (dual stack); `::1` and other IPv6 addresses do not.
    case tcp(host: String, port: Int)
    /// A UNIX stream socket at `path`; `@name` is a name in Linux' abstract namespace.
    ///
    /// A socket left over there, to which nobody listens, is replaced; anything else is never removed.
    case unix(path: String)
}

extension ListenAddress: CustomStringConvertible {
    /// The address as an operator writes it: `127.0.0.1:8080`, `[::1]:8080`, `/run/app.sock`.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): path
        }
    }
}
