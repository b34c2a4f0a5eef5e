import Foundation

/// A socket unit and the service it starts.
public struct UnitPair: Sendable {
    /// The name that both units share, without suffix.
    public let name: String
    /// The TCP port of the socket unit.
    public let port: UInt16
    let socket: String
    let service: String

    /// The units that users install, as they are.
    public static func app() throws -> UnitPair {
        UnitPair(name: "app", port: 8080, socket: try text("app.socket"), service: try text("app.service"))
    }

    /// The same units for the plain server: the same hardening and limits, another program on another port.
    public static func plain() throws -> UnitPair {
        func plain(_ text: String) -> String {
            text.replacingOccurrences(of: "/usr/local/bin/app", with: "/usr/local/bin/plain-server")
                .replacingOccurrences(of: "app.socket", with: "plain.socket")
                .replacingOccurrences(of: "ListenStream=8080", with: "ListenStream=8090")
        }
        return UnitPair(
            name: "plain",
            port: 8090,
            socket: plain(try text("app.socket")),
            service: plain(try text("app.service"))
        )
    }

    private static func text(_ file: String) throws -> String {
        try String(contentsOfFile: SourceTree.path("units/\(file)"), encoding: .utf8)
    }
}

/// A drop-in: what an administrator adds to a unit.
public struct DropIn: Sendable {
    let suffix: String
    let text: String

    /// A drop-in for the socket unit.
    public static func socket(_ text: String) -> DropIn {
        DropIn(suffix: "socket", text: text)
    }

    /// A drop-in for the service unit.
    public static func service(_ text: String) -> DropIn {
        DropIn(suffix: "service", text: text)
    }

    /// A drop-in that replaces the service's command line.
    public static func command(_ line: String) -> DropIn {
        .service("[Service]\nExecStart=\nExecStart=\(line)\n")
    }
}
