import Foundation

/// The package's own files, found from where this one was compiled.
public enum SourceTree {
    /// The text of one of them.
    public static func text(_ relative: String) throws -> String {
        try String(contentsOfFile: path(relative), encoding: .utf8)
    }

    static func path(_ relative: String, file: String = #filePath) -> String {
        var root = URL(fileURLWithPath: file)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        return root.appendingPathComponent(relative).path
    }
}
