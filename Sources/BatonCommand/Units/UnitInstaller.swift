import Foundation
import Systemd

/// Puts units where systemd finds them, and takes them away again.
struct UnitInstaller {
    let isUser: Bool
    /// A system that does not run; nil is this one.
    let root: String?
    let force: Bool

    /// `/etc/systemd/system`, or the folder of this user.
    static func folder(isUser: Bool, root: String?) throws -> String {
        guard isUser else { return "\(root ?? "")/etc/systemd/system" }
        if let folder = environmentValue("XDG_CONFIG_HOME"), folder.hasPrefix("/") { return "\(folder)/systemd/user" }
        guard let home = environmentValue("HOME"), home.hasPrefix("/") else {
            throw UnitFilesFolder.Refused(description: "HOME is not set, so there is no folder for units of a user")
        }
        return "\(home)/.config/systemd/user"
    }

    private func folder() throws -> UnitFilesFolder {
        UnitFilesFolder(path: try Self.folder(isUser: isUser, root: root), force: force)
    }

    /// - Parameter say: Gets each line about what has been done, when it has.
    func install(_ plan: UnitsPlan, say: (String) -> Void) throws {
        for program in Set([plan.command[0], plan.baton]).sorted() {
            guard FileManager.default.isExecutableFile(atPath: "\(root ?? "")\(program)") else {
                throw UnitFilesFolder.Refused(
                    description:
                        "\(root ?? "")\(program) is no program that can be started, and the units would need it: install it "
                        + "there first" + (program == plan.baton ? ", or give --baton" : "")
                )
            }
        }
        let folder = try folder()
        let sockets = plan.sockets.map(\.unit)
        var old = plan.kind == .template ? [] : sockets
        let written = try folder.write(plan) { stale in
            try refuseOtherAddresses(plan, in: folder)
            try refuseToTakeAway(stale, of: plan.name)
            // While their files are there: without them, systemd does not know what was enabled.
            try disable(stale)
            old = stale.filter { $0.hasSuffix(".socket") } + old
        }
        for line in written { say(line) }
        for path in try instances(of: old, in: folder).remove() { say("removed \(path)") }
        if root == nil { try systemctl(["daemon-reload"]) }
        try systemctl(["enable"] + (root == nil ? ["--now"] : []) + ["--"] + sockets)
        let list = sockets.joined(separator: ", ")
        say(root == nil ? "enabled \(list), and started" : "enabled \(list)")
        guard root == nil else { return }
        let user = isUser ? " --user" : ""
        let deploy = plan.kind == .template ? "; for a new version: baton rollover\(user) \(plan.name)" : ""
        say("next: systemctl\(user) start \(plan.startedService); baton doctor\(user) \(plan.startedService)\(deploy)")
    }

    func uninstall(_ name: String, say: (String) -> Void) throws {
        let folder = try folder()
        let files = try folder.own(name)
        guard !files.isEmpty else {
            throw UnitFilesFolder.Refused(
                description: "nothing in \(folder.path) was written by baton units for \(name)"
            )
        }
        try folder.refuseOthers(files, of: name)
        try stop(files, say: say)
        try disable(files)
        for line in try folder.remove(files, of: name) { say(line) }
        let sockets = files.filter { $0.hasSuffix(".socket") }
        for path in try instances(of: sockets, in: folder).remove() { say("removed \(path)") }
        if root == nil { try systemctl(["daemon-reload"]) }
    }

    /// A service whose file has gone is none that its socket waits for: that would not start another.
    private func refuseToTakeAway(_ stale: [String], of name: String) throws {
        guard root == nil, !stale.isEmpty else { return }
        let active = try Systemctl(isUser: isUser).activeUnits(Self.patterns(stale))
        guard !active.isEmpty else { return }
        let command = "baton units\(isUser ? " --user" : "") --uninstall --name \(name)"
        throw UnitFilesFolder.Refused(
            description:
                "to be removed, but active: \(active.joined(separator: ", ")); take all of these units away first, which "
                + "refuses their clients: \(command)"
        )
    }

    /// A socket that listens does not begin to listen elsewhere: systemd closes it when it reads the file, and opens no other.
    private func refuseOtherAddresses(_ plan: UnitsPlan, in folder: UnitFilesFolder) throws {
        guard root == nil else { return }
        for socket in plan.sockets {
            guard let unit = UnitName(socket.unit), let text = try? SmallFile.read("\(folder.path)/\(socket.unit)")
            else { continue }
            let old = UnitFile(path: socket.unit, text: text).assignments
                .filter { $0.key == "ListenStream" }.map(\.value)
            let new = socket.addresses.map(UnitWriter.literal)
            guard Set(old) != Set(new),
                try Systemctl(isUser: isUser).show(unit, ["ActiveState"])["ActiveState"] == ["active"]
            else { continue }
            let command = "systemctl\(isUser ? " --user" : "") stop \(socket.unit)"
            throw UnitFilesFolder.Refused(
                description:
                    "\(socket.unit) listens at \(old.joined(separator: ", ")), and would from now on at "
                    + "\(new.joined(separator: ", ")): for that it has to be stopped first, which refuses its clients: \(command)"
            )
        }
    }

    /// Which instance connections start, if a rollover has written that.
    private func instances(of sockets: [String], in folder: UnitFilesFolder) -> StartedInstance {
        StartedInstance(folder: folder.path, sockets: sockets.compactMap { UnitName($0) })
    }

    private func stop(_ files: [String], say: (String) -> Void) throws {
        guard root == nil, !files.isEmpty else { return }
        // The sockets first: else a connection would start the service again.
        let sockets = files.filter { $0.hasSuffix(".socket") }
        let services = Self.patterns(files.filter { $0.hasSuffix(".service") })
        for units in [sockets, services] where !units.isEmpty {
            try systemctl(["stop", "--"] + units, limit: Systemctl.longestJob)
        }
        say("stopped \((sockets + services).joined(separator: ", "))")
    }

    /// The units of these files: of a template, its instances.
    private static func patterns(_ files: [String]) -> [String] { files.map { $0.replacing("@.", with: "@*.") } }

    private func disable(_ files: [String]) throws {
        // That of a template is that of all its instances.
        if !files.isEmpty { try systemctl(["disable", "--"] + files) }
    }

    private func systemctl(_ arguments: [String], limit: Duration = ToolRun.patience) throws {
        // With a root it makes links, and asks no manager.
        try Systemctl(isUser: isUser).run((root.map { ["--root=\($0)"] } ?? []) + arguments, limit: limit)
    }
}
