import Systemd

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// How text for people looks: with colours on a terminal.
struct TextStyle {
    let hasColors: Bool

    /// For standard output; without colours where it is no terminal, or `NO_COLOR` or `TERM=dumb` says so.
    static var ofStandardOutput: TextStyle {
        let isRefused = !(environmentValue("NO_COLOR") ?? "").isEmpty || environmentValue("TERM") == "dumb"
        return TextStyle(hasColors: isatty(STDOUT_FILENO) == 1 && !isRefused)
    }

    func bold(_ text: String) -> String { hasColors ? "\u{1b}[1m\(text)\u{1b}[0m" : text }

    func severity(_ severity: Severity) -> String {
        let padded = severity.rawValue + String(repeating: " ", count: 7 - severity.rawValue.count)
        guard hasColors else { return padded }
        let color =
            switch severity {
            case .error: 31
            case .warning: 33
            case .hint: 36
            }
        return "\u{1b}[\(color)m\(padded)\u{1b}[0m"
    }

    /// Lines of at most that many characters, if no word is longer.
    static func wrapped(_ text: String, indent: Int, width: Int = 100) -> [String] {
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        var line = margin
        for word in text.split(separator: " ") {
            if line.count > indent, line.count + word.count + 1 > width {
                lines.append(line)
                line = margin
            }
            line += (line.count > indent ? " " : "") + word
        }
        return lines + [line]
    }
}
