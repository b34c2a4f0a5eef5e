import Foundation

/// The package's own files, found from where this one was compiled.
public enum SourceTree {
    /// The text of one of them.
    public static func text(_ relative: String) throws -> String {
        try String(contentsOfFile: path(relative), encoding: .utf8)
    }

    /// The files of one of its folders whose names end so, by their paths in the package.
    public static func files(in folder: String, ending suffix: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: path(folder))
            .filter { $0.hasSuffix(suffix) }.sorted().map { "\(folder)/\($0)" }
    }

    /// Where one of them is.
    public static func path(_ relative: String, file: String = #filePath) -> String {
        var root = URL(fileURLWithPath: file)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        return root.appendingPathComponent(relative).path
    }
}
