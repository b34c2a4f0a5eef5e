import Foundation
import MachineKit

/// A piece of Swift that a page or a doc comment shows: a fenced block, of a diff what comes out of it.
///
/// How its lines are broken and indented makes no difference: a page has longer lines than a source file.
struct Snippet: CustomStringConvertible {
    /// The file, and the line of its fence.
    let place: String
    let lines: [String]

    var description: String { "\(place):\n\(lines.joined(separator: "\n"))" }

    /// Those of a Markdown text.
    static func all(in markdown: [String], of file: String) -> [Snippet] {
        var snippets: [Snippet] = []
        var open: (fence: String, line: Int, lines: [String])?
        for (index, line) in markdown.enumerated() {
            let text = line.trimmingCharacters(in: .whitespaces)
            guard text.hasPrefix("```") else {
                open?.lines.append(line)
                continue
            }
            guard let block = open else {
                open = (text, index + 1, [])
                continue
            }
            open = nil
            let shown: [String]
            switch block.fence {
            case "```swift": shown = block.lines
            case "```diff": shown = block.lines.filter { !$0.hasPrefix("-") }.map { String($0.dropFirst()) }
            default: continue
            }
            snippets.append(Snippet(place: "\(file):\(block.line)", lines: shown))
        }
        return snippets
    }

    /// Whether a source file has it, and imports what it imports.
    func isPart(of source: String) -> Bool {
        let imports = lines.filter { $0.hasPrefix("import ") }
        let code = lines.filter { !$0.hasPrefix("import ") }
        let imported = Set(source.split(separator: "\n").map(String.init))
        return imported.isSuperset(of: imports)
            && Self.closed(source).contains(Self.closed(code.joined(separator: "\n")))
    }

    private static func closed(_ text: String) -> String { text.filter { !$0.isWhitespace } }
}

extension Snippet {
    /// What README.md, the pages of the modules and their doc comments show.
    static func shown() throws -> [Snippet] {
        let pages = try SourceTree.files(in: "Sources", ending: ".md") + ["README.md"]
        let sources = try SourceTree.files(in: "Sources", ending: ".swift")
        return try pages.flatMap { all(in: try lines(of: $0), of: $0) }
            + sources.flatMap { all(in: try lines(of: $0).map(comment), of: $0) }
    }

    /// The files of the examples, which are compiled, and of the tests of these.
    static func compiled() throws -> [String] {
        try ["Tests/Examples", "Tests/ExampleTests"]
            .flatMap { try SourceTree.files(in: $0, ending: ".swift") }
            .map { try SourceTree.text($0) }
    }

    /// What a line has behind `///`.
    private static func comment(_ line: String) -> String {
        let text = line.trimmingCharacters(in: .whitespaces)
        return text.hasPrefix("///") ? String(text.dropFirst(3).trimmingPrefix(" ")) : ""
    }

    private static func lines(of file: String) throws -> [String] {
        try SourceTree.text(file).components(separatedBy: "\n")
    }
}
