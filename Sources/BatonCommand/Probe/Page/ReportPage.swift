/// A run as one page for a browser that needs nothing else: no network, no other file.
struct ReportPage {
    let report: ProbeReport
    let record: Record
    let duration: Duration

    var words: ReportText { ReportText(report: report) }

    func html() throws -> String {
        let plot = record.plot ?? RequestPlot()
        let data = try PageData(record, plot, duration: duration).script()
        let outcome = report.exitStatus == 0 ? "good" : "bad"
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
            script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
            <title>baton probe: \(PageText.escaped(words.lastLine))</title>
            <style>
            \(PageStyle.css)
            </style>
            </head>
            <body>
            <header>
            <h1 class="\(outcome)">\(PageText.escaped(words.headline))</h1>
            <p>\(subtitle)</p>
            \(minds)
            </header>
            <main>
            \(tiles)
            <figure>
            <canvas id="chart" role="img" tabindex="0" aria-label="\(description(plot))" aria-describedby="how"></canvas>
            <div id="tip" role="status" hidden></div>
            <noscript>The chart needs JavaScript; the tables do not.</noscript>
            <figcaption>
            \(legend(plot))
            </figcaption>
            </figure>
            \(sections)
            </main>
            <script type="application/json" id="data">\(data)</script>
            <script>
            \(PageScript.javaScript)
            </script>
            </body>
            </html>

            """
    }

    private var subtitle: String {
        var parts = [report.target, words.clients]
        if !report.restartCommand.isEmpty { parts.append("restarted by `\(report.restartCommand)`") }
        if report.interrupted { parts.append("interrupted") }
        return parts.map(PageText.escaped).joined(separator: " · ")
    }

    /// What makes the numbers doubtful stands above them.
    private var minds: String {
        report.probe.bottlenecks.map { "<p class=\"mind\">Mind: \(PageText.escaped($0))</p>" }.joined(separator: "\n")
    }

    /// For those who do not see the chart.
    private func description(_ plot: RequestPlot) -> String {
        var parts = [
            "Chart of \(NumberText.count(plot.requests, "request")): when each was sent by how long it took",
            NumberText.count(report.total.failed) + " failed",
        ]
        if report.restartsAsked > 0 {
            let starts = report.restarts.prefix(20).map { NumberText.seconds($0.startedAtSeconds) }
            parts.append("\(NumberText.count(report.restarts.count, "restart")) at \(starts.joined(separator: ", "))")
        }
        if let worst = words.pauses.worstMilliseconds {
            parts.append("longest pause \(NumberText.milliseconds(worst))")
        }
        return PageText.escaped(parts.joined(separator: "; ") + ". The tables below say it in numbers.")
    }
}
