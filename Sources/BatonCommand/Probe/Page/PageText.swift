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

    /// The first column to the left, the others to the right.
    static func table(_ header: [String], _ rows: [[String]]) -> String {
        func row(_ cells: [String], _ tag: String) -> String {
            "<tr>" + cells.map { "<\(tag)>\(escaped($0))</\(tag)>" }.joined() + "</tr>"
        }
        return "<div class=\"wide\"><table>\n<thead>\(row(header, "th"))</thead>\n<tbody>\n"
            + rows.map { row($0, "td") }.joined(separator: "\n") + "\n</tbody>\n</table></div>"
    }
}
