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
    public static func plain() throws -> UnitPair { try other("plain", "plain-server", port: 8090) }

    /// The same units for the server of gRPC.
    public static func grpc() throws -> UnitPair { try other("grpc", "grpc-echo", port: 50051) }

    private static func other(_ name: String, _ program: String, port: UInt16) throws -> UnitPair {
        func other(_ text: String) -> String {
            text.replacingOccurrences(of: "/usr/local/bin/app", with: "/usr/local/bin/\(program)")
                .replacingOccurrences(of: "app.socket", with: "\(name).socket")
                .replacingOccurrences(of: "ListenStream=8080", with: "ListenStream=\(port)")
                .replacingOccurrences(of: "FileDescriptorName=http", with: "FileDescriptorName=\(name)")
                .replacingOccurrences(of: "RuntimeDirectory=app", with: "RuntimeDirectory=\(name)")
        }
        let app = try app()
        return UnitPair(name: name, socket: app.socket.map(other), service: other(app.service))
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
    public var port: UInt16 { ["plain": 8090, "grpc": 50051][name] ?? 8080 }
}
