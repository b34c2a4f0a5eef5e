@testable import BatonCommand

/// Runs that never were, as pages show them.
enum PageRecord {
    static let hostile = "</script><script>alert(1)</script><img src=\"https://example.org/x.png\"> url(x) -->"

    /// Two restarts by a command that could be markup. Between them 3 s of answers by another process, and failures.
    static func page(
        _ record: Record,
        seconds: Int64 = 20,
        command: String? = nil
    ) throws -> (html: String, report: ProbeReport) {
        var plan = ProbePlan(target: .tcp(host: "127.0.0.1", port: 8080))
        plan.modes = [.newConnection, .keepAlive]
        plan.load = .restarts(
            ProbePlan.RestartPlan(
                command: command ?? "curl http://example.org/?a=b && systemctl restart 'app' </dev/null",
                count: 2,
                interval: .seconds(1),
                settle: .seconds(1),
                timeout: .seconds(1)
            )
        )
        let result = ProbeRun.Result(record: record, duration: .seconds(seconds), wasInterrupted: false)
        let report = ProbeReport(result, plan: plan)
        return (try ReportPage(report: report, record: record, duration: .seconds(seconds)).html(), report)
    }

    /// Processes 7, 8 and 9 answer, one after the other, with a pause of about a second before each but the first. At the first
    /// restart so many requests fail.
    static func twoRestarts(failures: Int) -> Record {
        var record = Record(plots: true)
        for (index, pid) in [7, 8, 9].enumerated() {
            let start = Int64(index) * 5000
            for number in 0..<500 as Range<Int64> {
                record.issue(.newConnection, by: 0)
                let time = start + number * 8
                record.record(.make(.newConnection, .ok, from: time, to: time + 3 + number % 40, pid: pid))
            }
            guard index < 2 else { continue }
            record.restartBegan(at: .milliseconds(start + 4020))
            record.windows.end(at: .milliseconds(start + 4300), .exited(0))
            for number in 0..<(index == 0 ? failures : 0) {
                record.issue(.keepAlive, by: 1)
                let time = start + 4100 + Int64(number) * 10
                record.record(.make(.keepAlive, .reset, from: time, to: time + 1, detail: hostile))
            }
        }
        return record
    }
}
