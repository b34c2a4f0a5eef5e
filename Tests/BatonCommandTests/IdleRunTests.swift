import Foundation
import Testing

@testable import BatonCommand

/// Idle connections over a restart, each with a server that does one thing to them.
struct IdleRunTests {
    private static let idle = 3
    private static let next = LoopbackServer.Deed.write(Reply.reply("app 1.0 pid 8\n"))

    /// The first request of a connection is answered by process 7.
    ///
    /// - Parameters:
    ///   - deed: What is done to the second one, which comes after the restart.
    ///   - during: What happens while the restart command runs.
    private func restart(
        count: Int = 1,
        idle: Int = Self.idle,
        settle: Duration = .zero,
        timeout: Duration = .seconds(20),
        _ deed: LoopbackServer.Deed = next,
        during: @escaping @Sendable (ProbeRun, LoopbackServer) async throws -> Void = { _, _ in }
    ) async throws -> ProbeReport {
        let gate = URL(fileURLWithPath: NSTemporaryDirectory() + "baton-probe-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: gate) }
        return try await LoopbackServer.with { moment in
            moment.request == 0 ? .write(Reply.pid) : deed
        } run: { server in
            var plan = ProbePlan(target: .tcp(host: "127.0.0.1", port: server.port))
            (plan.connections, plan.modes, plan.idle, plan.timeout) = (0, [], idle, timeout)
            plan.noClose = true
            plan.load = .restarts(
                ProbePlan.RestartPlan(
                    command: "while ! [ -e '\(gate.path)' ]; do sleep 0.01; done",
                    count: count,
                    interval: .zero,
                    settle: settle,
                    timeout: .seconds(60)
                )
            )
            let run = ProbeRun(plan, server: try ServerAddress(plan.target.resolve(), plan))
            let events = Task {
                while run.ledger.snapshot.windows.restarts.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
                try await during(run, server)
                try Data().write(to: gate)
            }
            defer { events.cancel() }
            return ProbeReport(try await run.run(), plan: plan)
        }
    }

    @Test func keptAndAnsweredByTheNextProcess() async throws {
        let report = try await restart(idle: 500)
        let all = report.idle.total
        #expect((all.connections, all.survived, all.answeredByNewProcess) == (500, 500, 500))
        #expect(all.latency.responses == 500)
        #expect((report.total.issued, report.total.failed, report.total.closedConnections) == (1000, 0, 0))
        #expect(report.addsUp && report.exitStatus == 0)
        #expect(
            ReportText(report: report).lastLine.hasSuffix(
                "; 500 of 500 idle connections survived; no connection closed"
            )
        )
    }

    @Test func answeredByTheSameProcess() async throws {
        let report = try await restart(.write(Reply.pid))
        #expect(report.idle.total.answeredByOldProcess == Self.idle)
        #expect(report.idle.total.answeredByNewProcess == 0)
        #expect(report.exitStatus == 0)
    }

    @Test func closedDuringTheRestart() async throws {
        let report = try await restart(count: 2) { run, server in
            server.closeConnections()
            while run.ledger.snapshot.tally.total.closed < Self.idle { try await Task.sleep(for: .milliseconds(2)) }
        }
        let (first, second) = (report.idle.restarts[0], report.idle.restarts[1])
        #expect((first.connections, first.closedDuringRestart, first.survived) == (Self.idle, Self.idle, 0))
        // Others were opened in their place.
        #expect((second.connections, second.survived) == (Self.idle, Self.idle))
        #expect(report.total.failed == 0, "\(report.failures)")
        #expect(report.total.closedConnections == Self.idle)
        #expect(report.addsUp && report.exitStatus == 1)
    }

    @Test func closedOnTheRequest() async throws {
        let report = try await restart(.close)
        #expect(report.idle.total.closedOnRequest == Self.idle)
        #expect(report.idle.total.survived == 0)
        #expect(report.total.outcomes["keep_alive_closed_after_written"] == Self.idle)
        #expect(report.addsUp && report.exitStatus == 1)
    }

    @Test func closedByTheAnswer() async throws {
        let fields = "Connection: close\r\n"
        let report = try await restart(.writeAndClose(Reply.reply("app 1.0 pid 8\n", fields: fields)))
        let all = report.idle.total
        #expect((all.answeredByNewProcess, all.closedAfterAnswer, all.survived) == (Self.idle, Self.idle, 0))
        #expect(report.total.closedConnectionsAnnounced == Self.idle)
        #expect(report.total.failed == 0)
        #expect(report.addsUp && report.exitStatus == 1)
    }

    @Test func closedSomeTimeAfterTheAnswer() async throws {
        let report = try await restart(settle: .seconds(3), .writeAndClose(Reply.reply("app 1.0 pid 8\n")))
        let all = report.idle.total
        #expect((all.answeredByNewProcess, all.closedAfterAnswer, all.survived) == (Self.idle, Self.idle, 0))
        #expect(report.total.closedConnectionsAnnounced == 0)
        #expect(report.addsUp && report.exitStatus == 1)
    }

    /// They are waited for together, not one after the other.
    @Test func requestsThatAreSwallowed() async throws {
        let report = try await restart(idle: 20, timeout: .seconds(6), .ignore)
        #expect(report.idle.total.unanswered == 20)
        #expect(report.total.outcomes["timeout"] == 20)
        #expect(report.total.closedConnections == 0)
        #expect(report.durationSeconds < 60)
        #expect(report.addsUp && report.exitStatus == 1)
    }

    @Test func interruptedDuringTheRestart() async throws {
        let report = try await restart { run, _ in run.interrupt() }
        #expect(report.idle.total.notAsked == Self.idle)
        #expect(report.addsUp && report.exitStatus == 130)
    }

    @Test func theTextTellsWhatBecameOfThem() async throws {
        let text = ReportText(report: try await restart(count: 2)).text
        for word in [", 0 clients, 3 idle connections for", "closed in restart", "by new process", "restart 2", "all"] {
            #expect(text.contains(word), "\(text)")
        }
        #expect(text.split(separator: "\n").allSatisfy { !$0.hasSuffix(" ") })
    }
}
