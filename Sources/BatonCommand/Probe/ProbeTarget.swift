import NIOCore

/// Where the server listens.
enum ProbeTarget: Equatable, Sendable {
    case tcp(host: String, port: Int, isTLS: Bool = false)
    case unix(path: String)

    struct Malformed: Error, CustomStringConvertible {
        var description: String
    }

    /// Reads `http://HOST[:PORT][/]`, or `https`; an IPv6 address stands in brackets.
    init(url: String) throws {
        func malformed(_ why: String) -> Malformed {
            Malformed(
                description: "URL '\(url)' \(why); it has the form http://HOST:PORT, such as http://127.0.0.1:8080"
            )
        }
        guard let scheme = ["http://", "https://"].first(where: { url.lowercased().hasPrefix($0) }) else {
            throw malformed("does not begin with http:// or https://")
        }
        let isTLS = scheme == "https://"
        var authority = url.dropFirst(scheme.count)
        if let slash = authority.firstIndex(of: "/") {
            guard authority[slash...] == "/" else { throw malformed("has a path: give it with --path") }
            authority = authority[..<slash]
        }
        guard !authority.contains(where: { "@?#".contains($0) || $0.isWhitespace }) else {
            throw malformed("has a character that does not belong there")
        }
        let host: Substring
        var rest: Substring
        if authority.hasPrefix("[") {
            guard let bracket = authority.firstIndex(of: "]") else { throw malformed("has [ without ]") }
            host = authority[authority.index(after: authority.startIndex)..<bracket]
            rest = authority[authority.index(after: bracket)...]
            guard (try? SocketAddress(ipAddress: String(host), port: 0)) != nil else {
                throw malformed("has no IPv6 address in its brackets")
            }
        } else {
            host = authority.prefix { $0 != ":" }
            rest = authority.dropFirst(host.count)
        }
        guard !host.isEmpty else { throw malformed("has no host") }
        var port = isTLS ? 443 : 80
        if !rest.isEmpty {
            guard rest.removeFirst() == ":", let number = Int(rest), (1...65535).contains(number),
                rest.allSatisfy(\.isNumber)
            else { throw malformed("has no port from 1 to 65535 after its host") }
            port = number
        }
        self = .tcp(host: String(host), port: port, isTLS: isTLS)
    }

    /// The value of the `Host` field.
    var authority: String {
        switch self {
        case .tcp(let host, let port, _): (host.contains(":") ? "[\(host)]" : host) + ":\(port)"
        case .unix: "localhost"
        }
    }

    var words: String {
        switch self {
        case .tcp(_, _, let isTLS): (isTLS ? "https" : "http") + "://\(authority)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// Resolves the name once, so that no request waits for it. Blocks in getaddrinfo(3).
    func resolve() throws -> SocketAddress {
        switch self {
        case .tcp(let host, let port, _): try SocketAddress.makeAddressResolvingHost(host, port: port)
        case .unix(let path): try SocketAddress(unixDomainSocketPath: path)
        }
    }
}
