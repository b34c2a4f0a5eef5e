/// How a text becomes a value that systemd reads as it was meant.
///
/// PID 1 splits a message at line feeds *and* carriage returns, and takes a backslash away and the next byte as it is, be it
/// a line feed; of a message that ends with one it reads nothing at all. (Seen on 252, 257 and 262.)
enum StatusText {
    static func isOneLine(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") && $0 != 0 }
    }

    /// With spaces in the place of line ends and NULs.
    static func flattened(_ text: String) -> String {
        String(text.map { $0.isNewline || $0 == "\0" ? " " : $0 })
    }

    /// With two backslashes for one.
    static func escaped(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == "\\" { escaped.append(scalar) }
            escaped.append(scalar)
        }
        return String(escaped)
    }

    /// Escaped, and with an ellipsis for what is more than so many bytes then.
    static func shortened(_ text: String, to limit: Int) -> String {
        let escaped = escaped(text)
        guard escaped.utf8.count > limit else { return escaped }
        let ellipsis: Unicode.Scalar = "…"
        var (shortened, room) = (String.UnicodeScalarView(), limit - UTF8.width(ellipsis))
        // Not by characters: one can be of any number of bytes.
        for scalar in text.unicodeScalars {
            let copies = scalar == "\\" ? 2 : 1
            room -= UTF8.width(scalar) * copies
            guard room >= 0 else { break }
            for _ in 0..<copies { shortened.append(scalar) }
        }
        shortened.append(ellipsis)
        return String(shortened)
    }
}
