import Foundation

/// The package's own files, found from where this one was compiled.
enum SourceTree {
    static func path(_ relative: String, file: String = #filePath) -> String {
        var root = URL(fileURLWithPath: file)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        return root.appendingPathComponent(relative).path
    }
}
