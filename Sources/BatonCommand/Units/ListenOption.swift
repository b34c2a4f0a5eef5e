#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// One `--port` or `--path`: `8080`, `127.0.0.1:8080`, `[::1]:8080`, `/run/app.sock`, each with `NAME=` before it.
struct ListenOption: Equatable {
    /// What was wrong with one.
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    /// `FileDescriptorName=`.
    let name: String
    /// For `ListenStream=`.
    let address: String

    static func port(_ text: String) throws(Malformed) -> ListenOption {
        let (name, address) = try split(text, "--port")
        let isRight: Bool
        if let colon = address.lastIndex(of: ":") {
            let (host, port) = (address[..<colon], address[address.index(after: colon)...])
            isRight = isPort(port) && isAddress(host)
        } else {
            isRight = isPort(address)
        }
        guard isRight else {
            throw Malformed(
                description:
                    "--port '\(text)': '\(address)' is no port, IPV4:PORT or [IPV6]:PORT; a port is a number from 1 "
                    + "to 65535, and names of hosts are for no socket unit"
            )
        }
        return ListenOption(name: name, address: String(address))
    }

    static func path(_ text: String) throws(Malformed) -> ListenOption {
        let (name, path) = try split(text, "--path")
        guard path.hasPrefix("/"), path.count > 1, !path.hasSuffix("/"), !path.contains(where: \.isNewline) else {
            throw Malformed(description: "--path '\(text)': '\(path)' is no absolute path of a socket")
        }
        // sockaddr_un(7), with the 0 at its end.
        guard path.utf8.count < 108 else {
            throw Malformed(description: "--path '\(text)': a path of a socket has at most 107 bytes")
        }
        return ListenOption(name: name, address: String(path))
    }

    private static func split(_ text: String, _ option: String) throws(Malformed) -> (String, Substring) {
        guard let equals = text.firstIndex(of: "="), !text[..<equals].contains("/") else { return ("http", text[...]) }
        let name = text[..<equals]
        let isRight =
            !name.isEmpty && name.utf8.count <= 64
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                    || "-_.".utf8.contains(byte)
            }
        guard isRight else {
            throw Malformed(
                description:
                    "\(option) '\(text)': '\(name)' is no name for a socket: letters, digits, - _ and . make one"
            )
        }
        return (String(name), text[text.index(after: equals)...])
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } && Int(text).map { (1...65535).contains($0) } ?? false
    }

    private static func isAddress(_ host: Substring) -> Bool {
        var bytes = in6_addr()
        if host.hasPrefix("["), host.hasSuffix("]") {
            return inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &bytes) == 1
        }
        return inet_pton(AF_INET, String(host), &bytes) == 1
    }

    /// The socket units for these, one for each name.
    static func sockets(of options: [ListenOption], named name: String) -> [SocketPlan] {
        var names: [String] = []
        for option in options where !names.contains(option.name) { names.append(option.name) }
        return names.map { group in
            SocketPlan(
                unit: group == names.first ? "\(name).socket" : "\(name)-\(group).socket",
                name: group,
                addresses: options.filter { $0.name == group }.map(\.address)
            )
        }
    }
}
