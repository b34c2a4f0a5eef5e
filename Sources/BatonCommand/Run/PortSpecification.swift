import Baton

/// A `--port` as Server::Starter takes it: `8080`, `host:8080`, `[::1]:8080`, `u8080`, `host:u8080`, each with `=FD`.
struct PortSpecification: Hashable {
    /// What was wrong with one.
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    let host: String?
    let port: UInt16
    let isDatagram: Bool
    /// The descriptor that the program wants.
    let number: CInt?

    init(_ text: String) throws(Malformed) {
        func malformed(_ reason: String) -> Malformed {
            Malformed(
                description: "--port '\(text)': \(reason); it is a port, HOST:PORT or [IPV6]:PORT, the port with a u "
                    + "before it for UDP, and =FD behind it for a descriptor of that number"
            )
        }
        var rest = text.filter { $0 != " " }[...]
        if let separator = rest.lastIndex(of: "=") {
            let digits = rest[rest.index(after: separator)...]
            guard let number = Self.number(digits, below: 1 << 16) else {
                throw malformed("'\(digits)' is no descriptor")
            }
            self.number = CInt(number)
            rest = rest[..<separator]
        } else {
            number = nil
        }
        if let separator = rest.lastIndex(of: ":") {
            var host = rest[..<separator]
            if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
            guard !host.isEmpty else { throw malformed("there is no host before the ':'") }
            guard !host.contains(where: { "[]".contains($0) }) else { throw malformed("a bracket is left over") }
            self.host = String(host)
            rest = rest[rest.index(after: separator)...]
        } else {
            host = nil
        }
        isDatagram = rest.hasPrefix("u")
        if isDatagram { rest.removeFirst() }
        guard let port = Self.number(rest, below: 1 << 16) else {
            throw malformed("'\(rest)' is no port from 0 to 65535")
        }
        self.port = UInt16(port)
    }

    private static func number(_ digits: Substring, below limit: Int) -> Int? {
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits),
            number < limit
        else { return nil }
        return number
    }

    /// Its name in `SERVER_STARTER_PORT`, which has no `u`.
    var serverStarterName: String {
        guard let host else { return "\(port)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Its name in `LISTEN_FDNAMES`, which tells TCP and UDP on one port apart, and may have no colon in it.
    var name: String { "\(isDatagram ? "udp" : "tcp")-\(port)" }

    /// Where to listen. Server::Starter's own default is IPv4 only.
    var address: ListenAddress { .tcp(host: host ?? "0.0.0.0", port: Int(port)) }
}
