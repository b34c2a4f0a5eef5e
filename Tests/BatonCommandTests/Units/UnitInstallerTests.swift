import ArgumentParser
import Foundation
import Testing

@testable import BatonCommand

/// Installing into a system that does not run, and taking away again.
@Suite(.enabled(if: SystemdAnalyze.isInstalled, "systemctl is not installed")) struct UnitInstallerTests {
    private func run(_ arguments: [String], root: UnitFilesOnDisk) throws -> [String] {
        let command = try UnitsCommand.parse(arguments + ["--root", root.path])
        let installer = UnitInstaller(isUser: false, root: root.path, force: command.force)
        var lines: [String] = []
        if command.uninstall {
            try installer.uninstall(command.options.nameAlone()) { lines.append($0) }
        } else {
            try installer.install(command.options.plan(command.program)) { lines.append($0) }
        }
        return lines
    }

    /// A system with the programs in it.
    private func makeRoot() throws -> UnitFilesOnDisk {
        let root = try UnitFilesOnDisk(["usr/local/bin/app": "#!/bin/sh\n", "usr/local/bin/baton": "#!/bin/sh\n"])
        for name in ["app", "baton"] {
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755],
                ofItemAtPath: "\(root.path)/usr/local/bin/\(name)"
            )
        }
        return root
    }

    private func files(_ root: UnitFilesOnDisk) throws -> [String] {
        let folder = "\(root.path)/etc/systemd/system"
        return try FileManager.default.subpathsOfDirectory(atPath: folder).sorted().filter { path in
            (try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(path)"))?[.type] as? FileAttributeType
                != .typeDirectory
        }
    }

    private let install = ["--install", "--port", "8080", "--", "/usr/local/bin/app"]
    private let uninstall = ["--uninstall", "--name", "app"]

    @Test func thereAndGoneAgain() throws {
        let root = try makeRoot()
        let said = try run(install, root: root)
        #expect(said.last == "enabled app.socket")
        #expect(try files(root) == ["app.service", "app.socket", "sockets.target.wants/app.socket"])
        _ = try run(install, root: root)
        #expect(try run(["--kind", "template"] + install, root: root).contains { $0.contains("removed") })
        #expect(try files(root) == ["app.socket", "app@.service", "sockets.target.wants/app.socket"])
        _ = try run(uninstall, root: root)
        #expect(try files(root) == [])
        #expect(throws: UnitFilesFolder.Refused.self) { try run(uninstall, root: root) }
    }

    @Test(arguments: ["app.service", "app.socket"]) func othersAreLeftAlone(file: String) throws {
        let root = try makeRoot()
        try root.write("[Unit]\n", to: "etc/systemd/system/\(file)")
        let refused = #expect(throws: UnitFilesFolder.Refused.self) { try run(install, root: root) }
        #expect(refused?.description.contains("/\(file) was not written by baton units") == true)
        #expect(try files(root) == [file], "nothing was written at all")
        #expect(throws: UnitFilesFolder.Refused.self) { try run(uninstall, root: root) }
        _ = try run(["--force"] + install, root: root)
        #expect(try files(root).count == 3)
        _ = try run(uninstall, root: root)
        #expect(try files(root) == [])
    }

    @Test func whatWasChangedIsLeftAlone() throws {
        let root = try makeRoot()
        _ = try run(install, root: root)
        let path = "\(root.path)/etc/systemd/system/app.service"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(UnitMarker.owner(of: text) == .written(name: "app"))
        try root.write(text + "\nUMask=0022\n", to: "etc/systemd/system/app.service")
        for arguments in [install, uninstall] {
            let refused = #expect(throws: UnitFilesFolder.Refused.self) { try run(arguments, root: root) }
            #expect(refused?.description.contains("has been changed since") == true)
        }
        #expect(try files(root).count == 3)
        _ = try run(["--force"] + uninstall, root: root)
        #expect(try files(root) == [])
    }

    @Test func theUnitsOfAnotherNameAreLeftAlone() throws {
        let root = try makeRoot()
        _ = try run(install, root: root)
        _ = try run(["--name", "web"] + install, root: root)
        // web.socket and web-https.socket: the second would be the first one of another name.
        let two = ["--name", "web", "--port", "8080", "--port", "https=8443"]
        _ = try run(two + ["--install", "--", "/usr/local/bin/app"], root: root)
        let refused = #expect(throws: UnitFilesFolder.Refused.self) {
            try run(["--name", "web-https"] + install, root: root)
        }
        #expect(refused?.description.contains("belongs to the units of web") == true)
        _ = try run(["--uninstall", "--name", "web"], root: root)
        #expect(try files(root) == ["app.service", "app.socket", "sockets.target.wants/app.socket"])
    }

    /// Nothing is left of what was enabled, or of a rollover.
    @Test func anotherKindAndOtherSockets() throws {
        let root = try makeRoot()
        let options = ["--kind", "template", "--port", "8080", "--port", "admin=9090"]
        _ = try run(options + ["--install", "--", "/usr/local/bin/app"], root: root)
        let dropIn = "app.socket.d/\(StartedInstance.file)"
        try root.write("[Socket]\nService=app@b.service\n", to: "etc/systemd/system/\(dropIn)")
        #expect(try files(root).contains("sockets.target.wants/app-admin.socket"))
        try Systemctl(isUser: false).run(["--root=\(root.path)", "enable", "app@b.service"])
        let link = "multi-user.target.wants/app@b.service"
        #expect(try files(root).contains(link))
        _ = try run(["--kind", "template"] + install, root: root)
        #expect(try files(root) == ["app.socket", dropIn, "app@.service", link, "sockets.target.wants/app.socket"])
        let said = try run(install, root: root)
        #expect(said.contains { $0.hasSuffix("/\(dropIn)") })
        #expect(try files(root) == ["app.service", "app.socket", "sockets.target.wants/app.socket"])
    }

    @Test func programsThatAreNotThere() throws {
        let root = try UnitFilesOnDisk()
        let refused = #expect(throws: UnitFilesFolder.Refused.self) { try run(install, root: root) }
        #expect(refused?.description.contains("/usr/local/bin/app is no program that can be started") == true)
        #expect(!FileManager.default.fileExists(atPath: "\(root.path)/etc"))
    }

    @Test func markers() {
        let text = "[Unit]\nDescription=x\n"
        let marked = UnitMarker.marked(text, name: "app")
        #expect(marked.hasSuffix(text))
        #expect(UnitMarker.owner(of: marked) == .written(name: "app"))
        #expect(UnitMarker.owner(of: marked + " ") == .changed(name: "app"))
        for text in ["", text, "# Written by baton units for app\n", "# Written by hand\n"] {
            #expect(UnitMarker.owner(of: text) == .foreign)
        }
        #expect(UnitFile(path: "x", text: marked).ignored == [])
    }
}
