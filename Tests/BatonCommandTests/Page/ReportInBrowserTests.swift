import Testing

@testable import BatonCommand

/// The page as a browser shows it, wide and as narrow as a telephone, in light and in dark colours.
@Suite(.enabled(if: Chromium.isInstalled, "the package chromium is not installed"))
struct ReportInBrowserTests {
    private static let widths = [400, 1280]

    @Test(.timeLimit(.minutes(3)), arguments: [false, true])
    func itIsReadableAndSaysWhatTheReportSays(isDark: Bool) async throws {
        let failures = 12
        let record = PageRecord.twoRestarts(failures: failures)
        let (html, report) = try PageRecord.page(record, seconds: 15, command: PageRecord.hostile)
        let result = try await Chromium.show(html, widths: Self.widths, isDark: isDark)
        #expect(result.console.isEmpty)
        #expect(result.views.map(\.width) == Self.widths)
        let words = ReportText(report: report)
        for view in result.views {
            #expect(view.isDark == isDark)
            #expect(view.resources.isEmpty)
            #expect(view.title == "baton probe: \(words.lastLine)")
            #expect(view.language == "en")
            #expect(view.headline == words.headline)
            #expect(view.label.contains("\(failures) failed; 2 restarts at 4.0 s, 9.0 s; longest pause"))

            #expect(view.scrollWidth <= view.width)
            #expect(view.overflows.isEmpty)
            #expect(view.texts > 100)
            #expect(view.lowContrast.map { "\($0.ratio) \($0.text)" }.isEmpty)

            let drawn = [
                ("failures", failures), ("restarts", 2), ("pauses", 2), ("lengths", 2), ("generations", 3),
            ]
            for (name, number) in drawn {
                #expect(view.drawn[name] == "\(number)", "\(name) at \(view.width)")
            }
            #expect(view.drawn["dots"] == record.plot.map { "\($0.dots.count)" })
            for name in ["bad", "restart", "pause"] {
                #expect(view.pixels[name, default: 0] >= 30, "\(name) at \(view.width)")
            }
            #expect(view.marks.count == failures + 2 + 2 + 3)
            let sent = "failed at 4.101 s, sent at 4.100 s, after 1 ms"
            let failure = "\(sent): connection reset; keep-alive: \(PageRecord.hostile)"
            #expect(view.marks.contains(failure))
            #expect(view.marks.contains("restart 1 at 4.020 s: the command took 280 ms"))

            expectTables(of: view, in: words)
        }
    }

    private func expectTables(of view: Chromium.View, in words: ReportText) {
        let rows = view.tables.flatMap(\.rows)
        for table in view.tables {
            #expect(!table.caption.isEmpty)
            #expect(table.unscoped == 0, "\(table.caption)")
            #expect(table.isReachable, "\(table.caption) at \(view.width)")
        }
        for row in words.restartRows.rows + words.modeRows.rows { #expect(rows.contains(row), "\(row)") }
        let (steady, around) = (words.report.latencySteady, words.report.latencyAroundRestarts)
        let times = zip(ReportText.times(steady), ReportText.times(around))
        for (name, times) in zip(["p50", "p99", "p99.9", "max"], times) {
            #expect(rows.contains([name, times.0, times.1]))
        }
    }

    @Test(.timeLimit(.minutes(3))) func aRunWithoutAnAnswerHasAPage() async throws {
        let html = try PageRecord.page(Record(plots: true)).html
        let result = try await Chromium.show(html, widths: Self.widths, isDark: false)
        #expect(result.console.isEmpty)
        for view in result.views {
            #expect(view.drawn["dots"] == "0")
            #expect(view.pixels == ["bad": 0, "restart": 0, "pause": 0])
            #expect(view.scrollWidth <= view.width)
            #expect(view.overflows.isEmpty)
        }
    }
}
