/// The text of a unit file as it grows, with reasons above what is not obvious.
struct UnitWriter {
    private(set) var text = ""

    /// What a whole file is about, at its head.
    mutating func head(_ comment: String) {
        text += Self.comment(comment)
    }

    mutating func section(_ name: String) {
        text += "\n[\(name)]\n"
    }

    /// A setting. With a reason, there is a blank line and the reason above it.
    mutating func set(_ key: String, _ value: some CustomStringConvertible, because reason: String? = nil) {
        if let reason {
            if !text.hasSuffix("]\n") { text += "\n" }
            text += Self.comment(reason)
        }
        text += "\(key)=\(value)\n"
    }

    /// A reason in the midst of settings that belong together.
    mutating func note(_ comment: String) {
        text += Self.comment(comment)
    }

    mutating func gap() {
        text += "\n"
    }

    /// Lines of at most a hundred characters.
    private static func comment(_ text: String) -> String {
        TextStyle.wrapped(text, indent: 0, width: 98).map { "# \($0)\n" }.joined()
    }

    /// For a setting in which `%` has a meaning.
    static func literal(_ text: String) -> String { text.replacing("%", with: "%%") }

    /// A command line: words as systemd takes them apart again (systemd.service(5), "Command lines").
    static func commandLine(_ words: [String]) -> String {
        words.enumerated().map { index, word in quoted(word, isProgram: index == 0) }.joined(separator: " ")
    }

    private static func quoted(_ word: String, isProgram: Bool) -> String {
        let isPlain =
            !word.isEmpty
            && word.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                    || byte >= 0x80
                    || "/-_.,:=@+~".utf8.contains(byte)
            }
        if isPlain { return word }
        var escaped = ""
        for character in word {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            case "\t": escaped += "\\t"
            case "%": escaped += "%%"
            // A variable would be replaced; not in the program's own path, which none is looked for in.
            case "$": escaped += isProgram ? "$" : "$$"
            default: escaped.append(character)
            }
        }
        return "\"\(escaped)\""
    }
}
