/// Text of any origin in a page.
enum PageText {
    /// What a page says, with nothing left in it that is markup or could be taken for an address.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        escaped.reserveCapacity(text.utf8.count)
        for character in text.unicodeScalars {
            switch character {
            case "<", ">", "&", "\"", "'", "/", "=", "(", "`": escaped += "&#\(character.value);"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
