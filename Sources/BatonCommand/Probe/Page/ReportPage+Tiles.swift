/// The numbers that matter, large.
extension ReportPage {
    private struct Tile {
        var name: String
        var number: String
        var more = ""
        var isBad = false

        var html: String {
            // A number and its unit stay together.
            let words = PageText.escaped(more).replacing(" ms", with: "&nbsp;ms")
            let more = more.isEmpty ? "" : "<small>\(words)</small>"
            let style = isBad ? " class=\"bad\"" : ""
            return "<div><dt>\(PageText.escaped(name))</dt><dd\(style)>\(PageText.escaped(number))\(more)</dd></div>"
        }
    }

    var tiles: String {
        let tiles = [requests, failed, restarts, pause, latency, idle, closed].compactMap { $0?.html }
        return "<dl>\n\(tiles.joined(separator: "\n"))\n</dl>"
    }

    private var requests: Tile? {
        let rate = Double(report.total.issued) / max(report.durationSeconds, 1e-9)
        return Tile(
            name: "requests",
            number: NumberText.count(report.total.issued),
            more: "\(NumberText.count(Int(rate.rounded()))) a second"
        )
    }

    private var failed: Tile? {
        Tile(
            name: "failed",
            number: NumberText.count(report.total.failed),
            more: words.answered == 0 ? "none was answered" : "",
            isBad: report.total.failed > 0
        )
    }

    private var restarts: Tile? {
        guard report.restartsAsked > 0 else { return nil }
        let failed = report.restartsFailed
        return Tile(
            name: "restarts",
            number: NumberText.count(report.restarts.count),
            more: failed > 0 ? NumberText.count(failed, "command") + " failed" : "",
            isBad: failed > 0
        )
    }

    private var pause: Tile? {
        guard let worst = words.pauses.worstMilliseconds, let median = words.pauses.medianMilliseconds else {
            return nil
        }
        let quiet = words.pauses.quietMilliseconds.map { "; without restart \(NumberText.milliseconds($0))" } ?? ""
        return Tile(
            name: "longest pause",
            number: NumberText.milliseconds(worst),
            more: "median \(NumberText.milliseconds(median))\(quiet)"
        )
    }

    private var latency: Tile? {
        let around = report.latencyAroundRestarts
        guard report.latencySteady.responses > 0 else { return nil }
        return Tile(
            name: "99 % answered within",
            number: ReportText.times(report.latencySteady)[1],
            more: around.responses > 0 ? "around restarts \(ReportText.times(around)[1])" : ""
        )
    }

    private var idle: Tile? {
        let all = report.idle.total
        guard report.idle.connections > 0 else { return nil }
        return Tile(
            name: "idle connections survived",
            number: NumberText.count(all.survived),
            more: "of \(NumberText.count(all.connections))",
            isBad: all.survived < all.connections
        )
    }

    private var closed: Tile? {
        let total = report.total
        guard total.closedConnections > 0 || report.noClose else { return nil }
        return Tile(
            name: "connections closed",
            number: NumberText.count(total.closedConnections),
            more: "by the server; announced \(NumberText.count(total.closedConnectionsAnnounced))",
            isBad: report.noClose && total.closedConnections > 0
        )
    }
}
