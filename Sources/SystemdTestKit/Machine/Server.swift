internal import Foundation

/// An installed service in the machine, and its socket unit if it has one.
public struct Server: Sendable {
    /// The machine in which the units are installed.
    public let machine: Machine
    /// The units.
    public let units: UnitPair

    /// The service unit's name; of a template the pattern of its instances, as in `app@*.service`.
    public var service: String { units.isTemplate ? "\(units.name)@*.service" : "\(units.name).service" }
    /// The socket unit's name.
    public var socket: String { "\(units.name).socket" }

    private static let folder = "/run/systemd/system"

    /// Kills each process of units by its number. `systemctl kill` would write to `cgroup.kill`: on Linux 6.18 everything that is
    /// started in such a cgroup afterwards (`CLONE_INTO_CGROUP`, systemd from 255 on) is killed at once, until it has been removed.
    private static let killScript = """
        for unit in $(systemctl list-units --all --plain --no-legend "$@" | cut -d ' ' -f 1); do
            group=$(systemctl show --property=ControlGroup --value "$unit")
            [ -z "$group" ] || find "/sys/fs/cgroup$group" -name cgroup.procs -exec cat {} + 2>/dev/null
        done | while read -r pid; do kill -KILL "$pid" 2>/dev/null; done
        """

    /// Installs the units with these drop-ins and starts the socket unit, and the service too if asked to.
    ///
    /// What an earlier test left of units with the same name is taken away first.
    ///
    /// - Parameters:
    ///   - units: What to install.
    ///   - machine: Where to. Tests that share a machine and install units of one name run one after the other
    ///     (`@Suite(.serialized)`).
    ///   - dropIns: What to change in them, in this order.
    ///   - start: Whether to start the service now, and not only at the first connection. A template can not be started.
    /// - Returns: The server.
    /// - Throws: ``MachineError`` with what systemctl(1) wrote, if a unit did not start.
    public static func install(
        _ units: UnitPair,
        in machine: Machine,
        dropIns: [DropIn] = [],
        start: Bool = true
    ) async throws -> Server {
        let server = Server(machine: machine, units: units)
        try await server.remove()
        let service = units.isTemplate ? "\(units.name)@.service" : server.service
        if let socket = units.socket { try server.write(socket, to: server.socket) }
        try server.write(units.service, to: service)
        for (index, dropIn) in dropIns.enumerated() {
            let unit =
                switch dropIn.unit {
                case .socket: server.socket
                case .service: service
                }
            try server.write(dropIn.text, to: "\(unit).d/\(index).conf")
        }
        try await machine.check("systemctl", "daemon-reload")
        if units.socket != nil { try await machine.check("systemctl", "start", server.socket) }
        if start { try await machine.check("systemctl", "start", server.service) }
        return server
    }

    /// Takes the drop-ins away, as an administrator does who has found his mistake.
    public func removeDropIns() async throws {
        for file in files { try removeIfPresent("\(file).d") }
        try await machine.check("systemctl", "daemon-reload")
    }

    /// All that units of this name can have been installed as.
    private var files: [String] { ["\(units.name).socket", "\(units.name).service", "\(units.name)@.service"] }

    private func remove() async throws {
        let services = ["\(units.name).service", "\(units.name)@*.service"]
        // KILL first: a test that failed may have left a server that does not stop.
        _ = try await machine.run(["sh", "-c", Self.killScript, "sh"] + services)
        // One by one: 262 stops none of several if one of them is not there.
        for unit in [socket] + services { _ = try await machine.run("systemctl", "stop", unit) }
        _ = try await machine.run(["systemctl", "reset-failed", socket] + services)
        for file in files { try removeIfPresent(file) }
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
