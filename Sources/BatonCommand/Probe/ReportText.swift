/// The report for people: aligned tables, plain words, and a last line that says what happened.
struct ReportText {
    let report: ProbeReport

    /// What a table is made of.
    typealias Rows = (header: [String], rows: [[String]])

    var text: String {
        let parts = [
            requests, kinds, latency, own, restarts, beingSent, idle, processes, failures, [lastLine],
        ]
        return parts.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }

    private var requests: [String] {
        ["\(report.target), \(clients)", ""] + TextTable(modeRows.header, modeRows.rows).lines
    }

    /// How many there were, and for how long.
    var clients: String {
        let (drip, idle) = (report.dripConnections, report.idle.connections)
        let load =
            report.streamsPerConnection > 0
            ? "\(NumberText.count(report.connections, "connection")) with \(NumberText.count(report.streamsPerConnection, "stream"))"
            : NumberText.count(report.connections, "client")
        let webSockets = report.websocketConnections
        return load + (webSockets > 0 ? ", \(NumberText.count(webSockets, "WebSocket"))" : "")
            + (drip > 0 ? ", \(NumberText.count(drip, "slow sender"))" : "")
            + (idle > 0 ? ", \(NumberText.count(idle, "idle connection"))" : "") + " for "
            + NumberText.seconds(report.durationSeconds)
    }

    var modeRows: Rows {
        let header = ["mode", "clients", "requests", "ok", "failed", "connections closed", "announced"]
        let rows = (report.modes + (report.modes.count > 1 ? [report.total] : [])).map { mode in
            let numbers = [
                mode.clients, mode.issued, mode.outcomes[OutcomeKind.ok.rawValue] ?? 0, mode.failed,
                mode.closedConnections, mode.closedConnectionsAnnounced,
            ]
            return [mode.mode] + numbers.map { NumberText.count($0) }
        }
        return (header, rows)
    }

    private var kinds: [String] {
        let all = OutcomeKind.allCases.filter { $0 != .abandoned || number(of: $0) > 0 }
        let some = all.filter { $0 == .ok || number(of: $0) > 0 }
        var lines = ["how requests ended"]
        lines += counts(some.map { kind in (kind.words, { $0.outcomes[kind.rawValue] ?? 0 }) })
        // Shown to be none, in few lines.
        lines += Self.wrapped(all.filter { !some.contains($0) }.map(\.words), after: "  none: ")
        let closes = CleanClose.allCases.filter { (report.total.closedBeforeWritten[$0.rawValue] ?? 0) > 0 }
        lines += ["", "closed by the server before a byte of a request was written, no failures"]
        lines += counts(closes.map { close in (close.words, { $0.closedBeforeWritten[close.rawValue] ?? 0 }) })
        return lines
            + Self.wrapped(CleanClose.allCases.filter { !closes.contains($0) }.map(\.words), after: "  none: ")
    }

    func number(of kind: OutcomeKind) -> Int { report.total.outcomes[kind.rawValue] ?? 0 }

    var answered: Int { number(of: .ok) }

    /// Joined by commas, in lines that a terminal has room for; each begins where the words of the first do.
    static func wrapped(_ words: [String], after name: String, width: Int = 100) -> [String] {
        let indent = String(repeating: " ", count: name.count)
        var lines: [String] = []
        for (index, word) in words.enumerated() {
            let word = index + 1 < words.count ? word + "," : word
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append((lines.isEmpty ? name : indent) + word)
            }
        }
        return lines
    }

    /// A number for each, and where it comes from if that is not everywhere.
    private func counts(_ rows: [(words: String, number: (ProbeReport.Modes) -> Int)]) -> [String] {
        var table = TextTable([])
        for (words, number) in rows { table.add(["  " + words, NumberText.count(number(report.total))]) }
        return zip(table.lines, rows).map { line, row in
            let modes = report.modes.filter { row.number($0) > 0 }
            guard modes.count < report.modes.count, !modes.isEmpty else { return line }
            return line + "  " + modes.map { "\($0.mode) \(NumberText.count(row.number($0)))" }.joined(separator: ", ")
        }
    }

    private var latency: [String] {
        guard !report.latencyModes.isEmpty else { return [] }
        var table = TextTable(["latency", "responses", "p50", "p99", "p99.9", "max"])
        func add(_ words: String, _ latency: ProbeReport.Latency) {
            table.add([words, NumberText.count(latency.responses)] + Self.times(latency))
        }
        add("steady state", report.latencySteady)
        if report.restartsAsked > 0 { add("around restarts", report.latencyAroundRestarts) }
        return table.lines + ["of " + report.latencyModes.joined(separator: ", ")]
    }

    static func times(_ latency: ProbeReport.Latency) -> [String] {
        let times = [
            latency.p50Microseconds, latency.p99Microseconds, latency.p999Microseconds, latency.maxMicroseconds,
        ]
        return times.map { latency.responses == 0 ? "-" : NumberText.milliseconds(microseconds: $0) }
    }

    private var restarts: [String] {
        guard !report.restarts.isEmpty else { return [] }
        return ["restart command: \(report.restartCommand)"] + TextTable(restartRows.header, restartRows.rows).lines
            + ["gap: \(Self.gap)"]
    }

    static var gap: String {
        "the time without a good answer, from the start of a command to "
            + "\(NumberText.seconds(ProbePlan.restartShadow.inSeconds, places: 0)) after its end"
    }

    /// Each restart, and in the last three rows what they come to.
    var restartRows: Rows {
        func gap(_ value: Double?) -> String { value.map { NumberText.milliseconds($0) } ?? "-" }
        var rows = report.restarts.map { restart in
            [
                "\(restart.number)", NumberText.seconds(restart.startedAtSeconds),
                restart.tookSeconds.map { NumberText.seconds($0, places: 3) } ?? "-", restart.ended,
                gap(restart.longestGapMilliseconds), gap(restart.longestNewConnectionGapMilliseconds),
            ]
        }
        let sums: [(String, KeyPath<ProbeReport.Gaps, Double?>)] = [
            ("median", \.medianMilliseconds), ("worst", \.worstMilliseconds), ("without restart", \.quietMilliseconds),
        ]
        for (words, path) in sums {
            rows.append([
                words, "", "", "", gap(report.gaps[keyPath: path]), gap(report.newConnectionGaps[keyPath: path]),
            ])
        }
        return (["restart", "at", "took", "ended", "longest gap", "of new connections"], rows)
    }

    private var processes: [String] {
        guard !report.pids.isEmpty else { return [] }
        var table = TextTable(["answered by pid", "responses", "first at"])
        for process in report.pids {
            table.add([
                "\(process.pid)", NumberText.count(process.responses), NumberText.seconds(process.firstSeenSeconds),
            ])
        }
        return table.lines
    }

    private var failures: [String] {
        guard !report.failures.isEmpty else { return [] }
        let title =
            report.total.failed > report.failures.count
            ? "the first \(report.failures.count) of \(NumberText.count(report.total.failed)) failures:" : "failures:"
        return [title] + report.failures.map { "  " + Self.words($0) }
    }

    static func words(_ failure: ProbeReport.Failure) -> String {
        let kind = OutcomeKind(rawValue: failure.kind)?.words ?? failure.kind
        return "at \(NumberText.seconds(failure.atSeconds, places: 3)), \(failure.mode): \(kind): \(failure.detail)"
    }
}
