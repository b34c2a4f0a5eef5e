import Foundation

/// A folder to which units are written: nothing of others is replaced or removed.
struct UnitFilesFolder {
    /// Why nothing was written or removed.
    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    let path: String
    /// Whether what others have written, or changed, counts for nothing.
    var force = false

    /// Writes the files of a plan, and removes those of an earlier one.
    ///
    /// - Parameter prepare: Called when all files may be written, with those that will be removed; nothing is, if it throws.
    /// - Returns: What has been done, a line each.
    func write(_ plan: UnitsPlan, prepare: (_ stale: [String]) throws -> Void = { _ in }) throws -> [String] {
        let files = plan.files
        let stale = try own(plan.name).filter { own in !files.contains { $0.name == own } }
        // First all that could be refused: either everything is written, or nothing.
        for name in files.map(\.name) + stale { try refuseOthers("\(path)/\(name)", of: plan.name, to: "replace") }
        try prepare(stale)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, text) in files {
            try Self.put(UnitMarker.marked(text, name: plan.name), at: "\(path)/\(name)")
        }
        for name in stale { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }
        return files.map { "wrote \(path)/\($0.name)" } + stale.map { "removed \(path)/\($0), of an earlier kind" }
    }

    /// Writes one file, which has the same mode as other units, whatever the umask: not only root reads them.
    static func put(_ text: String, at file: String) throws {
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
    }

    /// The names of the files that were written here for units of that name, changed or not.
    func own(_ name: String) throws -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return files.filter { $0.hasSuffix(".service") || $0.hasSuffix(".socket") }.sorted().filter { file in
            guard let text = try? SmallFile.read("\(path)/\(file)") else { return false }
            return switch UnitMarker.owner(of: text) {
            case .written(name), .changed(name): true
            default: false
            }
        }
    }

    /// Removes those files.
    func remove(_ files: [String], of name: String) throws -> [String] {
        for file in files { try refuseOthers("\(path)/\(file)", of: name, to: "remove") }
        for file in files { try FileManager.default.removeItem(atPath: "\(path)/\(file)") }
        return files.map { "removed \(path)/\($0)" }
    }

    /// Asks in advance, for what has to be done first.
    func refuseOthers(_ files: [String], of name: String) throws {
        for file in files { try refuseOthers("\(path)/\(file)", of: name, to: "remove") }
    }

    private func refuseOthers(_ file: String, of name: String, to act: String) throws {
        guard !force, (try? FileManager.default.attributesOfItem(atPath: file)) != nil else { return }
        switch UnitMarker.owner(of: try SmallFile.read(file)) {
        case .written(name): return
        case .changed:
            throw Refused(
                description: "\(file) has been changed since it was written; --force would \(act) it all the same"
            )
        case .written(let other):
            throw Refused(
                description: "\(file) belongs to the units of \(other); give another --name, or --force to \(act) it"
            )
        case .foreign:
            throw Refused(
                description: "\(file) was not written by baton units; move it away, or --force would \(act) it"
            )
        }
    }
}
