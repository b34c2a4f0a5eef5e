/// Columns of text: the first to the left, the others to the right.
struct TextTable {
    private var rows: [[String]]

    /// - Parameter header: Empty for a table without one.
    init(_ header: [String]) { rows = header.isEmpty ? [] : [header] }

    init(_ header: [String], _ rows: [[String]]) { self.rows = [header] + rows }

    mutating func add(_ row: [String]) { rows.append(row) }

    var lines: [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { index, cell in
                let padding = String(repeating: " ", count: widths[index] - cell.count)
                return index == 0 ? cell + padding : padding + cell
            }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }
    }
}
