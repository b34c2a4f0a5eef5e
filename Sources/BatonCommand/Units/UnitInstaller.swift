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
        for line in try folder().write(plan) { say(line) }
        let sockets = plan.sockets.map(\.unit)
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
        let sockets = files.filter { $0.hasSuffix(".socket") }
        if root == nil {
            // The sockets first: else a connection would start the service again.
            let services = files.filter { $0.hasSuffix(".service") }.map { $0.replacing("@.", with: "@*.") }
            for units in [sockets, services] where !units.isEmpty { try systemctl(["stop", "--"] + units) }
            say("stopped \((sockets + services).joined(separator: ", "))")
        }
        let installed = files.filter { !$0.contains("@.") }
        if !installed.isEmpty { try systemctl(["disable", "--"] + installed) }
        for line in try folder.remove(files, of: name) { say(line) }
        let instances = StartedInstance(folder: folder.path, sockets: sockets.compactMap { UnitName($0) })
        for path in try instances.remove() { say("removed \(path)") }
        if root == nil { try systemctl(["daemon-reload"]) }
    }

    private func systemctl(_ arguments: [String]) throws {
        // With a root it makes links, and asks no manager.
        try Systemctl(isUser: isUser).run((root.map { ["--root=\($0)"] } ?? []) + arguments)
    }
}
