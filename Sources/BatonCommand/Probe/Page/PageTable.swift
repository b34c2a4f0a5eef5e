/// A table of a page: what a row is about to the left, numbers to the right.
struct PageTable {
    /// What the numbers are; nothing in it is markup.
    var caption: String
    var header: [String]
    /// What the rows come to, above them.
    var sums: [[String]] = []
    var rows: [[String]]
    /// What `rows` come to, below them.
    var total: [String]?

    /// With more columns than this, their names stand upright in a narrow window.
    private static let fewColumns = 6

    var html: String {
        let bodies = [Self.body(sums, "sums"), Self.body(rows, nil), Self.body(total.map { [$0] } ?? [], "sums")]
        let caption = PageText.escaped(caption)
        return """
            <div class="wide" role="region" aria-label="\(caption)"><table\(header.count > Self.fewColumns ? " class=\"many\"" : "")>
            <caption>\(caption)</caption>
            <thead><tr>\(header.map { "<th scope=\"col\">\(PageText.escaped($0))</th>" }.joined())</tr></thead>
            \(bodies.joined())</table></div>
            """
    }

    private static func body(_ rows: [[String]], _ style: String?) -> String {
        guard !rows.isEmpty else { return "" }
        let lines = rows.map { row in
            let cells = row.dropFirst().map { "<td>\(PageText.escaped($0))</td>" }
            return "<tr><th scope=\"row\">\(PageText.escaped(row.first ?? ""))</th>\(cells.joined())</tr>\n"
        }
        return "<tbody\(style.map { " class=\"\($0)\"" } ?? "")>\n\(lines.joined())</tbody>\n"
    }
}
