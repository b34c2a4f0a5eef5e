/// The first line of a file that is written here, by which it is known again.
enum UnitMarker {
    /// Whose a file is.
    enum Owner: Equatable {
        /// Written here for the units of that name, and as it was.
        case written(name: String)
        /// Written here, and changed since.
        case changed(name: String)
        case foreign
    }

    private static let start = "# Written by baton units for "
    private static let middle = ", checksum "
    private static let end = "; a file that has been changed is neither replaced nor removed."

    static func marked(_ text: String, name: String) -> String {
        "\(start)\(name)\(middle)\(checksum(text))\(end)\n\(text)"
    }

    static func owner(of text: String) -> Owner {
        guard text.hasPrefix(start), let newline = text.firstIndex(of: "\n") else { return .foreign }
        let line = text[..<newline].dropFirst(start.count)
        guard let comma = line.firstRange(of: middle) else { return .foreign }
        let name = String(line[..<comma.lowerBound])
        let told = line[comma.upperBound...].prefix { $0.isHexDigit }
        let isSame = told == checksum(String(text[text.index(after: newline)...]))
        return isSame ? .written(name: name) : .changed(name: name)
    }

    /// FNV-1a with 64 bits: it tells changes by hand, not forgeries.
    private static func checksum(_ text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
