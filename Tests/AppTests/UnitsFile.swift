import Foundation

/// A file of the folder `units`.
enum UnitsFile {
    static func path(_ name: String, from file: String = #filePath) -> String {
        var root = URL(fileURLWithPath: file)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        return root.appending(path: "units/\(name)").path
    }

    /// Its lines, without indentation and comments.
    static func lines(_ name: String) throws -> [String] {
        try String(contentsOfFile: path(name), encoding: .utf8).components(separatedBy: "\n")
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.hasPrefix("#") }
    }
}
