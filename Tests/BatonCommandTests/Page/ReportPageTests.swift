import Foundation
import Testing

@testable import BatonCommand

/// The page of a run: what is in it, what is not, and how large it can become.
struct ReportPageTests {
    private struct Data: Decodable {
        struct Generation: Decodable { var pid: Int, responses: Int }
        struct Pause: Decodable { var start: Double, end: Double, words: String }

        var dots: Foundation.Data
        var failures: [[Double]]
        var details: [String]
        var generations: [Generation]
        var pauses: [Pause]
    }

    private func data(in html: String) throws -> Data {
        let match = try #require(html.firstMatch(of: #/id="data">(.*)</script>/#))
        return try JSONDecoder().decode(Data.self, from: Foundation.Data(match.1.utf8))
    }

    /// As hard to thin as can be: all latencies there are, and a failure every hundred requests.
    @Test func aMillionRequestsStayBelowTwoMegabytes() async throws {
        var record = Record(plots: true)
        var plot = RequestPlot()
        var outcome = Outcome.make(.keepAlive, .ok)
        let latencies = (0..<10_007).map { Duration.microseconds(Int64(10 * exp(Double($0) / 700))) }
        let detail = String(repeating: "<x&y>", count: 100)
        for number in 0..<1_000_000 {
            // So that other tests are not kept waiting for all of it.
            if number % 10_000 == 0 { await Task.yield() }
            (outcome.kind, outcome.detail) = number % 100 == 99 ? (.reset, detail) : (.ok, "")
            outcome.issuedAt = .microseconds(number * 20)
            outcome.endedAt = outcome.issuedAt + latencies[number * 7919 % 10_007]
            plot.add(outcome, generation: number % 7)
        }
        record.plot = plot
        #expect(plot.requests == 1_000_000)
        #expect(plot.failures.count == 10_000)
        let dots = plot.dots
        #expect(dots.reduce(0) { $0 + $1.count } == 990_000)
        #expect(dots.count > 10_000)
        let html = try PageRecord.page(record).html
        #expect(html.utf8.count < 2_000_000)
        let data = try data(in: html)
        #expect(data.failures.count == 10_000)
        #expect(data.dots.count == dots.count * 6)
    }

    @Test func nothingInItIsFetched() throws {
        var record = Record(plots: true)
        record.record(.make(.keepAlive, .wrongBody, detail: PageRecord.hostile))
        let html = try PageRecord.page(record).html
        let policy = try #require(html.firstMatch(of: /Content-Security-Policy" content="([^"]*)"/)).1
        #expect(policy.hasPrefix("default-src 'none'; "))
        #expect(!policy.contains("data:") && !policy.contains("*"))
        // It holds for what follows it.
        #expect(html.firstMatch(of: /Content-Security-Policy[\s\S]*<style>/) != nil)
        for word in ["http://", "https://", "src=", "url(", "@import", "<link", "<img"] {
            #expect(!html.contains(word), "\(word)")
        }
        #expect(html.contains("curl http:&#47;&#47;example.org"))
        #expect(try data(in: html).details == ["keep-alive: \(PageRecord.hostile)"])
    }

    /// What comes from the command line or the server, at every place where the page has it.
    @Test func nothingInItIsMarkup() throws {
        let plain = try PageRecord.page(PageRecord.twoRestarts(failures: 3), command: "true").html
        for words in [PageRecord.hostile, "'\"><b onclick=\"x\">"] {
            let html = try PageRecord.page(PageRecord.twoRestarts(failures: 3), command: words).html
            #expect(html.contains(PageText.escaped(words)))
            for markup in ["<script", "</script>", "<b ", "<img", "-->"] {
                #expect(html.ranges(of: markup).count == plain.ranges(of: markup).count, "\(markup)")
            }
        }
    }

    @Test func itSaysWhatTheReportSays() throws {
        var record = Record(plots: true)
        for (pid, start) in [(7, 0), (8, 3000)] as [(Int, Int64)] {
            for number in 0..<50 as Range<Int64> {
                record.issue(.newConnection, by: 0)
                let time = start + number * 40
                record.record(.make(.newConnection, .ok, from: time, to: time + 3 + number, pid: pid))
            }
            if pid == 7 { record.restartBegan(at: .milliseconds(2020)) }
            if pid == 7 { record.windows.end(at: .milliseconds(2300), .exited(0)) }
        }
        record.issue(.keepAlive, by: 1)
        record.record(.make(.keepAlive, .reset, from: 2100, to: 2101, detail: "errno 104"))
        let (html, report) = try PageRecord.page(record)
        let text = ReportText(report: report)
        for times in [report.latencySteady, report.latencyAroundRestarts].map(ReportText.times) {
            for time in times { #expect(html.contains("<td>\(time)</td>"), "\(time)") }
        }
        for words in [text.lastLine] + text.restartRows.rows.joined() + text.modeRows.rows.joined() where !words.isEmpty
        {
            #expect(html.contains(PageText.escaped(words)), "\(words)")
        }
        #expect(html.contains(PageText.escaped(text.text)))
        let data = try data(in: html)
        #expect(data.generations.map(\.pid) == report.pids.map(\.pid))
        #expect(data.generations.map(\.responses) == report.pids.map(\.responses))
        #expect(data.failures == [[2.1, 1000, Double(OutcomeKind.allCases.firstIndex(of: .reset) ?? -1), 2.101]])
        #expect(data.pauses.map(\.words) == [NumberText.milliseconds(try #require(report.gaps.worstMilliseconds))])
        let pause = try #require(data.pauses.first)
        #expect(pause.start == 2.012)
        #expect(pause.end == 3.003)
    }
}
