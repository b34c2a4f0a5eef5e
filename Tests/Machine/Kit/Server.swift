import Foundation

/// An installed unit pair in the machine.
public struct Server: Sendable {
    /// The machine in which the units are installed.
    public let machine: Machine
    /// The units.
    public let units: UnitPair

    /// The service unit's name.
    public var service: String { "\(units.name).service" }
    /// The socket unit's name.
    public var socket: String { "\(units.name).socket" }

    private static let folder = "/run/systemd/system"

    /// Installs the units with these drop-ins and starts the socket unit, and the service too if asked to.
    ///
    /// What an earlier case left of units with the same name is taken away first.
    public static func install(
        _ units: UnitPair,
        in machine: Machine,
        dropIns: [DropIn] = [],
        start: Bool = true
    ) async throws -> Server {
        let server = Server(machine: machine, units: units)
        try await server.remove()
        try server.write(units.socket, to: server.socket)
        try server.write(units.service, to: server.service)
        for (index, dropIn) in dropIns.enumerated() {
            try server.write(dropIn.text, to: "\(units.name).\(dropIn.suffix).d/\(index).conf")
        }
        try await machine.check("systemctl", "daemon-reload")
        try await machine.check("systemctl", "start", server.socket)
        if start { try await machine.check("systemctl", "start", server.service) }
        return server
    }

    /// Takes the drop-ins away, as an administrator does who has found his mistake.
    public func removeDropIns() async throws {
        for suffix in ["service", "socket"] {
            try removeIfPresent("\(units.name).\(suffix).d")
        }
        try await machine.check("systemctl", "daemon-reload")
    }

    private func remove() async throws {
        // KILL first: a case that failed may have left a server that does not stop.
        _ = try await machine.run("systemctl", "kill", "--signal=KILL", service)
        _ = try await machine.run("systemctl", "stop", socket, service)
        _ = try await machine.run("systemctl", "reset-failed", socket, service)
        for file in [socket, service] { try removeIfPresent(file) }
        try await removeDropIns()
    }

    private func write(_ text: String, to file: String) throws {
        let path = machine.path("\(Self.folder)/\(file)")
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true
        )
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    private func removeIfPresent(_ file: String) throws {
        let path = machine.path("\(Self.folder)/\(file)")
        if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
    }
}
