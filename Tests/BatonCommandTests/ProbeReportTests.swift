import Foundation
import Testing

@testable import BatonCommand

struct ProbeReportTests {
    private func report(
        _ change: (inout Record) -> Void = { _ in },
        interrupted: Bool = false,
        noClose: Bool = false
    ) -> ProbeReport {
        var plan = ProbePlan(target: .tcp(host: "127.0.0.1", port: 8080))
        (plan.modes, plan.connections, plan.noClose) = ([.newConnection, .keepAlive], 2, noClose)
        (plan.drip, plan.idle) = (1, 1)
        plan.load = .restarts(
            ProbePlan.RestartPlan(
                command: "restart it",
                count: 2,
                interval: .seconds(1),
                settle: .seconds(1),
                timeout: .seconds(1)
            )
        )
        var record = Record()
        for _ in 0..<2 {
            record.tally.issue(.newConnection)
            record.record(.make(.newConnection, .ok, from: 0, to: 19, pid: 7))
        }
        change(&record)
        return ProbeReport(
            ProbeRun.Result(record: record, duration: .seconds(3), wasInterrupted: interrupted),
            plan: plan
        )
    }

    private func fail(_ kind: OutcomeKind) -> (inout Record) -> Void {
        { record in
            record.tally.issue(.keepAlive)
            record.record(.make(.keepAlive, kind, from: 20, to: 21))
        }
    }

    private static func restarts(_ record: inout Record) {
        for (start, length) in [(20, 31), (2000, 7)] as [(Int64, Int64)] {
            record.windows.begin(at: .milliseconds(start))
            record.windows.end(at: .milliseconds(start + 1), .exited(0))
            record.windows.good(at: .milliseconds(start + 1), isNewConnection: true)
            for time in stride(from: start + 1 + length, to: start + 2000, by: 5) {
                record.windows.good(at: .milliseconds(time), isNewConnection: true)
            }
        }
    }

    @Test func theKeysAreStable() throws {
        let report = report { record in
            Self.restarts(&record)
            fail(.reset)(&record)
        }
        let json = try #require(try JSONSerialization.jsonObject(with: try report.json()) as? [String: Any])
        #expect(
            json.keys.sorted() == [
                "adds_up", "arrivals", "being_sent_at_restarts", "connections", "drip_connections", "duration_seconds",
                "exit_status",
                "failures", "format_version", "gaps", "idle", "interrupted", "latency_around_restarts", "latency_modes",
                "latency_steady", "modes",
                "new_connection_gaps", "no_close", "pids", "probe", "restart_command", "restarts", "restarts_asked",
                "restarts_failed", "streams_per_connection",
                "target", "total", "websocket_connections",
            ]
        )
        let latency = [
            "max_microseconds", "p50_microseconds", "p999_microseconds", "p99_microseconds", "responses",
        ]
        let gaps = ["median_milliseconds", "quiet_milliseconds", "worst_milliseconds"]
        let mode = [
            "clients", "closed_before_written", "closed_connections", "closed_connections_announced", "failed",
            "issued",
            "mode", "outcomes", "recorded",
        ]
        let beingSent = [
            "answered_by_new_process", "answered_by_old_process", "answered_by_unknown_process", "mode", "requests",
            "unanswered",
        ]
        let round = [
            "answered_by_new_process", "answered_by_old_process", "answered_by_unknown_process", "closed_after_answer",
            "closed_during_restart", "closed_on_request", "connections", "latency", "not_asked", "survived",
            "unanswered",
        ]
        let idle = try #require(json["idle"] as? [String: Any])
        #expect(idle.keys.sorted() == ["connections", "restarts", "total"])
        #expect((idle["total"] as? [String: Any])?.keys.sorted() == round)
        let expected: [(String, [String])] = [
            ("being_sent_at_restarts", beingSent),
            ("latency_steady", latency), ("latency_around_restarts", latency), ("gaps", gaps),
            ("new_connection_gaps", gaps), ("total", mode), ("modes", mode),
            (
                "restarts",
                [
                    "ended", "exit_status", "longest_gap_milliseconds", "longest_new_connection_gap_milliseconds",
                    "number", "started_at_seconds", "succeeded", "took_seconds",
                ]
            ),
            ("pids", ["first_seen_seconds", "pid", "responses"]),
            ("failures", ["at_seconds", "detail", "kind", "mode"]),
            ("arrivals", ["rate", "scheduled", "slip", "waited_for_connection"]),
            ("probe", ["bottlenecks", "cpu_seconds", "cpu_share", "event_loop_shares", "event_loop_waits"]),
        ]
        for (key, keys) in expected {
            let value = (json[key] as? [Any])?.first ?? json[key]
            let object = try #require(value as? [String: Any], "\(key)")
            #expect(object.keys.sorted() == keys, "\(key)")
        }
        let total = try #require(json["total"] as? [String: Any])
        #expect(
            (total["outcomes"] as? [String: Any])?.keys.sorted() == [
                "abandoned", "connect_timeout", "empty_reply", "keep_alive_closed_after_written", "ok", "other",
                "refused", "reset", "status_5xx", "status_unexpected", "timeout", "tls_failed", "truncated",
                "turned_away",
                "websocket_closed", "wrong_body",
            ]
        )
        #expect(
            (total["closed_before_written"] as? [String: Any])?.keys.sorted() == [
                "fresh_closed_before_written", "keep_alive_closed_before_written",
            ]
        )
    }

    @Test func whatThereIsNotIsNull() throws {
        let report = report { $0.windows.begin(at: .seconds(1)) }
        let json = try #require(try JSONSerialization.jsonObject(with: try report.json()) as? [String: Any])
        let restart = try #require((json["restarts"] as? [[String: Any]])?.first)
        for key in ["took_seconds", "exit_status", "longest_gap_milliseconds"] {
            #expect(restart[key] is NSNull, "\(key)")
        }
        #expect((json["gaps"] as? [String: Any])?["median_milliseconds"] is NSNull)
    }

    @Test func theLastLineSaysWhatHappened() {
        #expect(
            ReportText(report: report(Self.restarts)).lastLine
                == "0 of 2 requests failed over 2 restarts; longest pause 31 ms (median 19 ms)"
                + "; 0 of 0 idle connections survived"
        )
        #expect(ReportText(report: report(fail(.reset))).lastLine.hasPrefix("1 of 3 requests failed"))
        #expect(ReportText(report: report(interrupted: true)).lastLine.hasSuffix("; interrupted"))
        #expect(ReportText(report: report { $0.tally.issue(.keepAlive) }).lastLine.contains("do not add up (3 and 2)"))
    }

    @Test func exitStatus() {
        #expect(report().exitStatus == 0)
        #expect(report(interrupted: true).exitStatus == 130)
        for kind in OutcomeKind.allCases where kind.isFailure {
            #expect(report(fail(kind)).exitStatus == 1)
            #expect(report(fail(kind), interrupted: true).exitStatus == 1)
        }
        #expect(report { $0.tally.issue(.keepAlive) }.exitStatus == 3)
        #expect(report { $0.record(.make(.keepAlive, .reset)) }.exitStatus == 3)
        #expect(report { $0 = Record() }.exitStatus == 1)
        let failed = report { record in
            record.windows.begin(at: .zero)
            record.windows.end(at: .seconds(1), .exited(1))
        }
        #expect(failed.exitStatus == 1)
        #expect(failed.restartsFailed == 1)
    }

    @Test func cleanClosesAreNoFailures() {
        let report = report { $0.tally.note(.keepAliveBeforeWritten, .keepAlive) }
        #expect(report.exitStatus == 0)
        #expect(report.total.closedBeforeWritten["keep_alive_closed_before_written"] == 1)
    }

    @Test func closedConnectionsAreFailuresWhereNoneMayBeClosed() {
        func close(_ record: inout Record) {
            record.tally.close(.announced, .keepAlive)
            record.tally.close(.unannounced, .keepAlive)
            record.tally.close(.unannounced, .slowBody)
        }
        let allowed = report(close)
        #expect(allowed.exitStatus == 0)
        #expect(allowed.total.closedConnections == 3)
        #expect(allowed.total.closedConnectionsAnnounced == 1)
        #expect(ReportText(report: allowed).lastLine.hasSuffix("; 3 connections closed"))

        let forbidden = report(close, noClose: true)
        #expect(forbidden.exitStatus == 1)
        #expect(forbidden.total.failed == 0)
        #expect(report(close, interrupted: true, noClose: true).exitStatus == 1)

        let kept = report(noClose: true)
        #expect(kept.exitStatus == 0)
        #expect(ReportText(report: kept).lastLine.hasSuffix("; no connection closed"))
    }

    @Test func onlyTheFirstFailuresAreTold() {
        let report = report { record in
            for _ in 0..<12 { fail(.reset)(&record) }
        }
        #expect(report.total.failed == 12)
        #expect(report.failures.count == 10)
        #expect(ReportText(report: report).text.contains("the first 10 of 12 failures:"))
    }

    @Test func aProbeThatIsItselfTheLimitSaysSo() {
        func own(used: Int64, waited: Int64) -> ProbeReport.Own {
            let idle = ProbeRun.LoopTime(used: .milliseconds(100), waited: .zero)
            let loop = ProbeRun.LoopTime(used: .milliseconds(used), waited: .milliseconds(waited))
            return ProbeReport.Own(
                ProbeRun.Result(
                    record: Record(),
                    duration: .seconds(1),
                    wasInterrupted: false,
                    processorTime: .milliseconds(used + 100),
                    loopTimes: [idle, loop]
                )
            )
        }
        #expect(own(used: 700, waited: 100).bottlenecks.isEmpty)
        let busy = own(used: 950, waited: 10)
        #expect(busy.bottlenecks.count == 1)
        #expect(busy.bottlenecks.first?.contains("used 95 % of a core: this measures the probe") == true)
        let starved = own(used: 700, waited: 250)
        #expect(starved.bottlenecks.count == 1)
        #expect(starved.bottlenecks.first?.contains("used 70 % of a core and had to wait for one 25 %") == true)
        #expect(starved.eventLoopWaits == [0, 0.25])
    }

    @Test func theTextNamesEveryKindAndEveryMode() {
        let text = ReportText(report: report(Self.restarts)).text
        for kind in OutcomeKind.allCases where kind != .abandoned { #expect(text.contains(kind.words)) }
        for close in CleanClose.allCases { #expect(text.contains(close.words)) }
        for word in ["new-connection", "keep-alive", "p99.9", "restart it", "median", "answered by pid"] {
            #expect(text.contains(word))
        }
        #expect(text.split(separator: "\n").allSatisfy { !$0.hasSuffix(" ") })
    }
}
