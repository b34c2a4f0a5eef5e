import Foundation
public import SystemdTestKit

extension UnitPair {
    /// The units that users install, as they are.
    public static func app() throws -> UnitPair {
        try UnitPair(named: "app", in: SourceTree.path("units"))
    }

    /// Those of them whose main process is `baton run`, installed under the same names.
    public static func supervised() throws -> UnitPair {
        let service = try String(contentsOfFile: SourceTree.path("units/app-supervised.service"), encoding: .utf8)
        return UnitPair(name: "app", socket: try app().socket, service: service)
    }

    /// The same units for the plain server: the same hardening and limits, another program on another port.
    public static func plain() throws -> UnitPair {
        func plain(_ text: String) -> String {
            text.replacingOccurrences(of: "/usr/local/bin/app", with: "/usr/local/bin/plain-server")
                .replacingOccurrences(of: "app.socket", with: "plain.socket")
                .replacingOccurrences(of: "ListenStream=8080", with: "ListenStream=8090")
        }
        let app = try app()
        return UnitPair(name: "plain", socket: app.socket.map(plain), service: plain(app.service))
    }

    /// The units that give each connection a process of its own.
    public static func perConnection() throws -> UnitPair {
        try UnitPair(named: "app", in: SourceTree.path("units/per-connection"))
    }

    /// The text of one of the drop-ins that users install.
    public static func dropIn(_ file: String) throws -> String {
        try String(contentsOfFile: SourceTree.path("units/drop-ins/\(file)"), encoding: .utf8)
    }

    /// The TCP port of the socket unit.
    public var port: UInt16 { name == "plain" ? 8090 : 8080 }
}
