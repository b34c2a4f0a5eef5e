import Foundation

/// The folders in which systemd looks for units, the first one winning (systemd.unit(5), "Unit File Load Path").
struct UnitFolders {
    let folders: [String]
    /// What is before all paths: a system that does not run.
    let root: String

    private static let system = [
        "/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient", "/etc/systemd/system",
        "/etc/systemd/system.attached", "/run/systemd/system", "/run/systemd/system.attached",
        "/run/systemd/generator", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system",
    ]

    /// Just these.
    init(_ folders: [String], root: String = "") {
        (self.folders, self.root) = (folders, root)
    }

    /// Those for system services below `root`.
    init(root: String) { self.init(Self.system.map { root + $0 }, root: root) }

    /// Those for services of this user.
    static func user(home: String, runtime: String) -> UnitFolders {
        UnitFolders([
            "\(home)/.config/systemd/user", "/etc/systemd/user", "\(runtime)/systemd/user", "/run/systemd/user",
            "\(home)/.local/share/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user",
        ])
    }

    /// The unit of that name, an instance from its template; nil if there is none, or it is masked.
    ///
    /// - Throws: ``SmallFileError``.
    func unit(_ name: UnitName) throws(SmallFileError) -> Unit? {
        for candidate in [name] + (name.template.map { [$0] } ?? []) {
            guard let path = folders.lazy.map({ "\($0)/\(candidate)" }).first(where: Self.exists) else { continue }
            let fragment = try read(path)
            // Empty is masked.
            guard !fragment.text.isEmpty else { return nil }
            var files = [fragment.file]
            for dropIn in dropIns(for: name) { files.append(try read(dropIn).file) }
            return Unit(name: name, files: files, requiredLinks: requiredLinks(of: name))
        }
        return nil
    }

    /// All socket units.
    ///
    /// - Parameter unreadable: Gets what systemd passes over, too: a link that leads nowhere.
    func sockets(unreadable: inout [SmallFileError]) -> [Unit] {
        let names = folders.flatMap { (try? FileManager.default.contentsOfDirectory(atPath: $0)) ?? [] }
            .filter { $0.hasSuffix(".socket") }.compactMap { UnitName($0) }
        return Set(names).sorted { $0.description < $1.description }.compactMap { name in
            do throws(SmallFileError) { return try unit(name) } catch {
                unreadable.append(error)
                return nil
            }
        }
    }

    private func requiredLinks(of name: UnitName) -> [String] {
        let names = [name] + (name.template.map { [$0] } ?? [])
        return folders.flatMap { folder in
            names.flatMap { (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\($0).requires")) ?? [] }
        }
    }

    /// The drop-ins for a unit, in the order in which they count.
    private func dropIns(for name: UnitName) -> [String] {
        // A name that several of them have counts once: by the folder first, then the more specific one, as in systemd.
        var paths: [String: String] = [:]
        let parents =
            folders.flatMap { folder in name.dropInNames.map { "\(folder)/\($0).d" } }
            + folders.map { "\($0)/\(name.kind.rawValue).d" }
        for parent in parents {
            let files = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
            for file in files where file.hasSuffix(".conf") && !file.hasPrefix(".") && paths[file] == nil {
                paths[file] = "\(parent)/\(file)"
            }
        }
        return paths.sorted { $0.key < $1.key }.map(\.value)
    }

    private func read(_ path: String) throws(SmallFileError) -> (file: UnitFile, text: String) {
        var target = path
        // A link in a system that does not run means what is in there.
        if !root.isEmpty, let link = try? FileManager.default.destinationOfSymbolicLink(atPath: path),
            link.hasPrefix("/"), link != "/dev/null"
        {
            target = root + link
        }
        let text = try SmallFile.read(target)
        return (UnitFile(path: path, text: text), text)
    }

    /// Also a link that leads nowhere: it is to be complained about, not passed over.
    private static func exists(_ path: String) -> Bool {
        (try? FileManager.default.attributesOfItem(atPath: path)) != nil
    }
}
