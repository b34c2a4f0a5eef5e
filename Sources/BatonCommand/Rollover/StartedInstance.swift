import Foundation

/// Which instance connections start: a drop-in of each socket unit, so that it is the same after a reboot.
struct StartedInstance {
    /// The name of the drop-ins.
    static let file = "baton-rollover.conf"

    /// Where units are installed.
    let folder: String
    let sockets: [UnitName]

    static func text(_ instance: UnitName) -> String {
        """
        # Written by baton rollover: the instance that serves, which is the one that a connection starts when none runs.
        [Socket]
        Service=\(instance)

        """
    }

    /// What a socket unit has as `Service=`, with all its drop-ins. The manager itself does not tell: to it, both instances belong to the
    /// socket by their `Sockets=`, and it starts that one, when none of both runs.
    static func setting(of socket: UnitName, _ systemctl: Systemctl) throws(ToolRun.Failure) -> String {
        let key = "Service="
        let lines = try systemctl.run(["cat", "--", "\(socket)"]).split(whereSeparator: \.isNewline)
        return lines.last { $0.hasPrefix(key) }.map { String($0.dropFirst(key.count)) } ?? "\(socket.with(.service))"
    }

    /// Writes it; the manager has to be told.
    func write(_ instance: UnitName) throws(RolloverRefused) {
        for socket in sockets {
            let drops = "\(folder)/\(socket).d"
            do {
                try FileManager.default.createDirectory(atPath: drops, withIntermediateDirectories: true)
                try UnitFilesFolder.put(Self.text(instance), at: "\(drops)/\(Self.file)")
            } catch {
                let reason = (error as? CocoaError)?.reason ?? "\(error)"
                throw RolloverRefused(description: "\(drops)/\(Self.file) cannot be written: \(reason)")
            }
        }
    }

    /// Removes it.
    ///
    /// - Returns: What has been removed.
    func remove() throws -> [String] {
        var removed: [String] = []
        for socket in sockets {
            let drops = "\(folder)/\(socket).d"
            let path = "\(drops)/\(Self.file)"
            guard FileManager.default.fileExists(atPath: path) else { continue }
            try FileManager.default.removeItem(atPath: path)
            removed.append(path)
            // Others may have theirs there.
            if try FileManager.default.contentsOfDirectory(atPath: drops).isEmpty {
                try FileManager.default.removeItem(atPath: drops)
            }
        }
        return removed
    }
}
