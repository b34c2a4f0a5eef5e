import Histogram
import NIOCore
import Synchronization
import Testing

@testable import BatonCommand

/// Whole runs at a rate that no answer changes.
struct OpenLoopRunTests {
    private func plan(_ server: LoopbackServer, rate: Double, connections: Int, seconds: Double) -> ProbePlan {
        var plan = ProbePlan(target: .tcp(host: "127.0.0.1", port: server.port))
        (plan.modes, plan.connections, plan.arrivalRate) = ([.keepAlive], connections, rate)
        plan.load = .steady(.milliseconds(Int64(seconds * 1000)))
        return plan
    }

    /// In a closed loop one request would be slow, and those that it kept from being sent would be missing.
    @Test func aServerThatStallsIsSeenByAllThatWereDue() async throws {
        let result = try await LoopbackServer.with { moment in
            moment.request == 10 ? .writeLater(Reply.pid, .milliseconds(500)) : .write(Reply.pid)
        } run: { server in
            try await run(plan(server, rate: 100, connections: 1, seconds: 60)) { $0[.ok] >= 100 || $0.failures > 0 }
        }
        let (record, latency) = (result.record, result.record.latency.steady)
        #expect(record.tally.total.failures == 0, "\(record.failures)")
        #expect(record.addsUp)
        #expect(latency.totalCount >= 100)
        // Due in the first 0.4 s of it, and not before the stalled one.
        #expect(latency.count(within: 95_000...60_000_000) >= 38)
        #expect(record.arrivals.waited >= 38)
    }

    @Test func asManyConnectionsAsAreNeeded() async throws {
        let connections = Mutex(0)
        let result = try await LoopbackServer.with { moment in
            connections.withLock { $0 = max($0, moment.connection + 1) }
            return .write(Reply.pid)
        } run: { server in
            try await run(plan(server, rate: 500, connections: 300, seconds: 60)) { $0[.ok] >= 300 || $0.failures > 0 }
        }
        #expect(result.record.tally.total.failures == 0, "\(result.record.failures)")
        #expect(result.record.tally.total[.ok] >= 300)
        // So many requests can have been under way at once, on a machine that stalls.
        let seconds = Double(result.record.latency.steady.maxRecorded) / 1e6
        #expect(connections.withLock { $0 } <= 2 + Int(500 * seconds))
    }

    @Test func whatNeverFindsAConnectionFails() async throws {
        let result = try await LoopbackServer.with { _ in
            .ignore
        } run: { server in
            var plan = plan(server, rate: 50, connections: 1, seconds: 60)
            plan.timeout = .milliseconds(600)
            return try await run(plan) { $0.issued >= 10 }
        }
        let total = result.record.tally.total
        #expect(total.issued >= 10)
        #expect(total[.timeout] + total[.connectTimeout] == total.issued, "\(result.record.failures)")
        // While the first has the connection the others wait, and their time runs.
        #expect(result.record.arrivals.waited > 0)
        #expect(result.record.failures.allSatisfy { $0.latency >= .milliseconds(600) }, "\(result.record.failures)")
        #expect(result.record.addsUp)
    }

    @Test func aSecondInterruptAbandonsWhatIsDue() async throws {
        let result = try await LoopbackServer.with { _ in
            .ignore
        } run: { server in
            let plan = plan(server, rate: 200, connections: 2, seconds: 60)
            let run = ProbeRun(plan, server: try ServerAddress(plan.target.resolve(), plan))
            let interrupts = Task {
                while run.ledger.snapshot.tally.total.issued < 10 { try await Task.sleep(for: .milliseconds(2)) }
                run.interrupt()
                run.interrupt()
            }
            defer { interrupts.cancel() }
            return try await run.run()
        }
        let total = result.record.tally.total
        #expect(total[.abandoned] == total.issued)
        #expect(result.record.addsUp)
    }

    @Test func bothModesOnEachThread() async throws {
        let report = try await LoopbackServer.with { _ in
            .write(Reply.pid)
        } run: { server in
            var plan = plan(server, rate: 400, connections: 8, seconds: 0.5)
            (plan.modes, plan.threads) = ([.newConnection, .keepAlive], 2)
            return ProbeReport(try await run(plan) { _ in false }, plan: plan)
        }
        #expect(report.exitStatus == 0, "\(report.failures)")
        let issued = report.modes.map(\.issued)
        #expect(issued.count == 2)
        #expect(abs(issued[0] - issued[1]) <= 8, "\(issued)")
        #expect(report.arrivals.scheduled == UInt64(report.total.issued))
        // All of 200, unless the machine stood still at the end.
        #expect((40...10_000).contains(report.total.issued))
        let text = ReportText(report: report).text
        for word in ["open loop: ", "400 a second", "the probe itself used"] { #expect(text.contains(word), "\(text)") }
    }
}
