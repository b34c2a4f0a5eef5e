/// The text of a unit file or a drop-in, taken apart as of systemd.syntax(7).
struct UnitFile: Equatable {
    /// One `Key=value`.
    struct Assignment: Equatable {
        /// Without the brackets.
        let section: String
        let key: String
        /// Without white space around it; empty where the setting is reset.
        let value: String
        let file: String
        /// The line where it begins, from 1.
        let line: Int
    }

    /// A line that systemd ignores, and why.
    struct Ignored: Equatable {
        let file: String
        let line: Int
        let reason: String
    }

    let path: String
    private(set) var assignments: [Assignment] = []
    private(set) var ignored: [Ignored] = []

    init(path: String, text: String) {
        self.path = path
        var section: String?
        for (number, line) in Self.logicalLines(text) {
            if line.hasPrefix("[") {
                section = line.hasSuffix("]") ? String(line.dropFirst().dropLast()) : nil
                if section == nil { ignore(number, "'\(line)' is no section: it has no ']'") }
                continue
            }
            guard let equals = line.firstIndex(of: "="), equals > line.startIndex else {
                ignore(number, "'\(line)' is no assignment: it has no '='")
                continue
            }
            guard let section else {
                ignore(number, "'\(line)' is in no section")
                continue
            }
            assignments.append(
                Assignment(
                    section: section,
                    key: Self.trimmed(line[..<equals]),
                    value: Self.trimmed(line[line.index(after: equals)...]),
                    file: path,
                    line: number
                )
            )
        }
    }

    private mutating func ignore(_ line: Int, _ reason: String) {
        ignored.append(Ignored(file: path, line: line, reason: reason))
    }

    /// Lines that are no comments, those that go on behind a backslash joined, each with the number of its first line.
    private static func logicalLines(_ text: String) -> [(number: Int, text: String)] {
        var lines: [(number: Int, text: String)] = []
        var begun: (number: Int, text: String)?
        // A byte order mark is allowed.
        let text = text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...]
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let trimmed = Self.trimmed(line)
            // Also between lines that are joined.
            if trimmed.hasPrefix("#") || trimmed.hasPrefix(";") { continue }
            // Two are a backslash.
            let goesOn = line.reversed().prefix { $0 == "\\" }.count % 2 == 1
            let part = goesOn ? "\(line.dropLast()) " : String(line)
            let (number, whole) = (begun?.number ?? index + 1, (begun?.text ?? "") + part)
            if goesOn {
                begun = (number, whole)
            } else {
                begun = nil
                lines.append((number, Self.trimmed(whole)))
            }
        }
        if let begun { lines.append((begun.number, Self.trimmed(begun.text))) }
        return lines.filter { !$0.text.isEmpty }
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let start = text.drop { $0.isWhitespace }
        return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }
}
