import Foundation
import Testing

@testable import BatonCommand

/// A folder with unit files, which is gone with the last reference to it.
final class UnitFilesOnDisk: Sendable {
    let path: String

    /// - Parameter files: Their texts by relative paths, as in `app.service.d/a.conf`.
    init(_ files: [String: String] = [:]) throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("units-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (file, text) in files { try write(text, to: file) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to file: String) throws {
        let whole = "\(path)/\(file)"
        try FileManager.default.createDirectory(
            atPath: (whole as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true
        )
        try text.write(toFile: whole, atomically: true, encoding: .utf8)
    }

    func link(_ file: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(path)/\(file)", withDestinationPath: target)
    }

    var folders: UnitFolders { UnitFolders([path]) }

    /// The units as a manager of that version would take them.
    func examination(of unit: String = "app.service", systemd: Int = 252) throws -> Examination {
        let found = try UnitFinder(folders: folders).find(unit)
        let service = try #require(found.service, "\(unit) has a service")
        return Examination(service: service, sockets: found.sockets, systemd: systemd)
    }

    func findings(of unit: String = "app.service", systemd: Int = 252) throws -> [Finding] {
        try examination(of: unit, systemd: systemd).findings()
    }
}

/// The units that users install.
enum InstalledUnits {
    static func text(_ file: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appendingPathComponent("units/\(file)"), encoding: .utf8)
    }

    /// `app.socket` and `app.service`, with lines of them replaced; all lines that are to be replaced have to be there.
    static func app(
        _ replacements: [String: String] = [:],
        service file: String = "app.service"
    ) throws -> [String: String] {
        var files = ["app.socket": try text("app.socket"), "app.service": try text(file)]
        for (old, new) in replacements {
            let holders = files.filter { $0.value.contains("\n\(old)\n") }.map(\.key)
            try #require(holders.count == 1, "'\(old)' is in one of the units")
            for holder in holders { files[holder] = files[holder]?.replacing("\n\(old)\n", with: "\n\(new)\n") }
        }
        return files
    }
}
