/// A run as one page for a browser that needs nothing else: no network, no other file.
struct ReportPage {
    let report: ProbeReport
    let record: Record
    let duration: Duration

    /// A run of thousands of restarts is not read row by row.
    static let rowLimit = 500
    static let textLimit = 200_000

    func html() throws -> String {
        let plot = record.plot ?? RequestPlot()
        let data = try PageData(record, plot, duration: duration).script()
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" \
            content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
            <title>baton probe: \(PageText.escaped(ReportText(report: report).lastLine))</title>
            <style>
            \(PageStyle.css)
            </style>
            </head>
            <body>
            <header>
            <h1 class="\(report.exitStatus == 0 ? "good" : "bad")">\(PageText.escaped(ReportText(report: report).lastLine))</h1>
            <p>\(subtitle)</p>
            </header>
            <figure>
            <canvas id="chart" role="img" aria-label="Every request of the run, time by latency; the tables below say it in \
            numbers."></canvas>
            <div id="tip" hidden></div>
            <figcaption>
            \(legend(plot))
            </figcaption>
            <noscript>The chart needs JavaScript; the tables do not.</noscript>
            </figure>
            \(sections)
            <script type="application/json" id="data">\(data)</script>
            <script>
            \(PageScript.javaScript)
            </script>
            </body>
            </html>

            """
    }

    private var subtitle: String {
        var parts = [report.target, ReportText(report: report).clients]
        if !report.restartCommand.isEmpty { parts.append("restarted by `\(report.restartCommand)`") }
        return parts.map(PageText.escaped).joined(separator: " · ")
    }

    private func legend(_ plot: RequestPlot) -> String {
        var items = record.processes.inOrder.prefix(12).enumerated().map { index, process in
            "<span><i class=\"g\(index % RequestPlot.colours)\"></i>pid \(process.pid): "
                + "\(NumberText.count(process.responses))</span>"
        }
        let more = record.processes.inOrder.count - items.count
        if more > 0 { items.append("<span>and \(NumberText.count(more, "process")) more</span>") }
        items.append("<span><b class=\"cross\">×</b>failed, \(NumberText.count(report.total.failed))</span>")
        if report.restartsAsked > 0 { items.append("<span><i class=\"line\"></i>restart command, start to end</span>") }
        if plot.failuresLeftOut > 0 {
            items.append("<span>\(NumberText.count(plot.failuresLeftOut, "more failure")) not drawn</span>")
        }
        return items.joined(separator: "\n")
            + "\n<p>Each dot is a request, or several that lie on each other: \(NumberText.count(plot.requests)) in all, "
            + "when it was sent by how long it took, in the colour of the process that answered. Touch or point to read times and "
            + "failures.</p>"
    }

    private var sections: String {
        [latency, restarts, requests, failures, text].filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private func section(_ title: String, _ body: String) -> String {
        "<section>\n<h2>\(PageText.escaped(title))</h2>\n\(body)\n</section>"
    }
}

// MARK: - The tables

extension ReportPage {
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
        return section(
            "Latency",
            PageText.table(["of " + report.latencyModes.joined(separator: ", ")] + columns.map(\.0), rows)
        )
    }

    private var restarts: String {
        guard !report.restarts.isEmpty else { return "" }
        let (header, rows) = ReportText(report: report).restartRows
        let left = rows.count - Self.rowLimit
        return section(
            "Restarts",
            PageText.table(header, Array(rows.suffix(3) + rows.dropLast(3).prefix(Self.rowLimit)))
                + (left > 0 ? "<p>and \(NumberText.count(left)) more</p>" : "")
        )
    }

    private var requests: String {
        let (header, rows) = ReportText(report: report).modeRows
        let outcomes = report.total.outcomes
        let kinds = OutcomeKind.allCases.map { ($0, outcomes[$0.rawValue] ?? 0) }.filter { $0.0 == .ok || $0.1 > 0 }
            .map { [$0.0.words, NumberText.count($0.1)] }
        return section(
            "Requests",
            PageText.table(header, rows) + PageText.table(["how they ended", "requests"], kinds)
        )
    }

    private var failures: String {
        guard !report.failures.isEmpty else { return "" }
        let rows = report.failures.map { failure in
            "<li>\(PageText.escaped(ReportText.words(failure)))</li>"
        }
        return section("The first failures", "<ul>\n\(rows.joined(separator: "\n"))\n</ul>")
    }

    private var text: String {
        let text = ReportText(report: report).text
        let isCut = text.utf8.count > Self.textLimit
        return "<details>\n<summary>The report as text</summary>\n<pre>"
            + PageText.escaped(isCut ? String(text.prefix(Self.textLimit / 2)) + "\n[cut]" : text)
            + "</pre>\n</details>"
    }
}
