/// What D-Bus and Varlink allow as the name of an error. systemd takes any text.
enum ErrorName {
    /// As in `org.freedesktop.DBus.Error.TimedOut`: parts of letters, digits and underscores, none of which begins with a
    /// digit. By the D-Bus specification, "Valid Names".
    static func isDBus(_ name: String) -> Bool {
        let parts = split(name)
        return parts.count >= 2 && name.utf8.count <= 255
            && parts.allSatisfy { part in
                part.first.map { isLetter($0) || $0 == underscore } ?? false
                    && part.allSatisfy { isLetter($0) || isDigit($0) || $0 == underscore }
            }
    }

    /// As in `org.varlink.service.InvalidParameter`: an interface's name, whose parts may have hyphens inside, and a name
    /// that begins with a capital letter. By the Varlink interface definition's grammar.
    static func isVarlink(_ name: String) -> Bool {
        let parts = split(name)
        guard parts.count >= 3, name.utf8.count <= 255, let error = parts.last else { return false }
        let isInterface = parts.dropLast().allSatisfy { part in
            part.first.map { isLetter($0) || isDigit($0) } ?? false && part.last != hyphen
                && part.allSatisfy { isLetter($0) || isDigit($0) || $0 == hyphen }
        }
        let isError =
            error.first.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) } ?? false
            && error.allSatisfy { isLetter($0) || isDigit($0) }
        return isInterface && isError && (parts[0].first.map(isLetter) ?? false)
    }

    private static let underscore = UInt8(ascii: "_")
    private static let hyphen = UInt8(ascii: "-")

    private static func split(_ name: String) -> [Substring.UTF8View] {
        name.split(separator: ".", omittingEmptySubsequences: false).map(\.utf8)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
