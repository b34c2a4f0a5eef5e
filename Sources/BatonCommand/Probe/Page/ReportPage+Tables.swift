/// All numbers of the report that a reader of the chart asks for next; and the report itself.
extension ReportPage {
    /// A run of thousands of restarts is not read row by row.
    static let rowLimit = 500
    static let textLimit = 200_000

    var sections: String {
        let columns = [[latency, requests], [failures, restarts, beingSent, probe]]
            .map { "<div>\n\($0.filter { !$0.isEmpty }.joined(separator: "\n"))\n</div>" }
        // As wide as it can be.
        return "<div class=\"columns\">\n\(columns.joined(separator: "\n"))\n</div>\n\(idle)\n\(text)"
    }

    private func section(_ title: String, _ body: String) -> String {
        "<section>\n<h2>\(PageText.escaped(title))</h2>\n\(body)\n</section>"
    }

    private var latency: String {
        guard !report.latencyModes.isEmpty else { return "" }
        let columns =
            [("steady state", report.latencySteady)]
            + (report.restartsAsked > 0 ? [("around restarts", report.latencyAroundRestarts)] : [])
        let times = columns.map { ReportText.times($0.1) }
        var rows = [["responses"] + columns.map { NumberText.count($0.1.responses) }]
        for (index, name) in ["p50", "p99", "p99.9", "max"].enumerated() {
            rows.append([name] + times.map { $0[index] })
        }
        let modes = "of good answers to " + report.latencyModes.joined(separator: ", ")
        return section("Latency", PageTable(caption: modes, header: ["percentile"] + columns.map(\.0), rows: rows).html)
    }

    private var restarts: String {
        guard !report.restarts.isEmpty else { return "" }
        let (header, rows) = words.restartRows
        let left = rows.count - 3 - Self.rowLimit
        let table = PageTable(
            caption: "gap: \(ReportText.gap)",
            header: header,
            sums: rows.suffix(3),
            rows: Array(rows.dropLast(3).prefix(Self.rowLimit))
        )
        return section("Restarts", table.html + (left > 0 ? "<p>and \(NumberText.count(left)) more</p>" : ""))
    }

    private var requests: String {
        let (header, rows) = words.modeRows
        let modes = report.modes.count
        let byMode = PageTable(
            caption: "by what the clients do",
            header: header,
            rows: Array(rows.prefix(modes)),
            total: rows.count > modes ? rows.last : nil
        )
        let kinds = OutcomeKind.allCases.map { ($0, report.total.outcomes[$0.rawValue] ?? 0) }
            .filter { $0.0 == .ok || $0.1 > 0 }.map { [$0.0.words, NumberText.count($0.1)] }
        let closes = CleanClose.allCases.map { ($0, report.total.closedBeforeWritten[$0.rawValue] ?? 0) }
            .filter { $0.1 > 0 }.map { [$0.0.words, NumberText.count($0.1)] }
        let tables = [
            byMode, PageTable(caption: "all of them", header: ["how they ended", "requests"], rows: kinds),
            PageTable(
                caption: "closed by the server before a byte of a request was written, no failures",
                header: ["connection", "closed"],
                rows: closes
            ),
        ]
        return section("Requests", tables.filter { !$0.rows.isEmpty }.map(\.html).joined(separator: "\n"))
    }

    private var failures: String {
        guard !report.failures.isEmpty else { return "" }
        let items = report.failures.map { "<li>\(PageText.escaped(ReportText.words($0)))</li>" }
        return section(
            report.total.failed > report.failures.count ? "The first failures" : "Failures",
            "<ul class=\"failures\">\n\(items.joined(separator: "\n"))\n</ul>"
        )
    }

    private var idle: String {
        guard let (fates, answers) = words.idleRows else { return "" }
        func table(_ caption: String, _ rows: ReportText.Rows) -> String {
            PageTable(caption: caption, header: rows.header, rows: Array(rows.rows.prefix(Self.rowLimit))).html
        }
        return section(
            "Idle connections",
            table("what became of them", fates) + table("the first requests on them after the restart", answers)
        )
    }

    private var beingSent: String {
        let (header, rows) = words.beingSentRows
        guard !rows.isEmpty else { return "" }
        return section(
            "Requests being sent when a restart began",
            PageTable(caption: "which process answered them", header: header, rows: rows).html
        )
    }

    private var probe: String {
        section("The probe itself", "<pre class=\"words\">\(PageText.escaped(words.use.joined(separator: "\n")))</pre>")
    }

    private var text: String {
        let text = words.text
        let isCut = text.utf8.count > Self.textLimit
        return "<details>\n<summary>The report as text</summary>\n<pre tabindex=\"0\">"
            + PageText.escaped(isCut ? String(text.prefix(Self.textLimit / 2)) + "\n[cut]" : text)
            + "</pre>\n</details>"
    }
}
