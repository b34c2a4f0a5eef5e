import Foundation
import Synchronization
import Testing

@testable import BatonCommand

/// Clients that send byte by byte, over a restart that finds them in the middle of it.
struct DripRunTests {
    private static let clients = 4
    private static let right = LoopbackServer.Deed.write(Reply.pid)
    private static let next = LoopbackServer.Deed.write(Reply.reply("app 1.0 pid 8\n"))

    private final class Phase: Sendable {
        private let run = Mutex<ProbeRun?>(nil)

        func set(_ run: ProbeRun) { self.run.withLock { $0 = run } }

        /// Whether the restart has begun as the probe sees it.
        var isRestarted: Bool { run.withLock { $0?.ledger.snapshot.windows.restarts.isEmpty } == false }
    }

    /// Requests that are complete before the restart begins are answered by process 7, those after it as `deed` says.
    private func restart(
        interval: Duration = .milliseconds(25),
        timeout: Duration = .seconds(20),
        _ deed: LoopbackServer.Deed = next,
        during: @escaping @Sendable (ProbeRun, LoopbackServer) async throws -> Void = { _, _ in }
    ) async throws -> ProbeReport {
        let phase = Phase()
        let gate = URL(fileURLWithPath: NSTemporaryDirectory() + "baton-probe-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: gate) }
        return try await LoopbackServer.with { _ in
            phase.isRestarted ? deed : Self.right
        } run: { server in
            var plan = ProbePlan(target: .tcp(host: "127.0.0.1", port: server.port))
            (plan.connections, plan.modes, plan.drip, plan.timeout) = (0, [], Self.clients, timeout)
            plan.dripInterval = interval
            plan.load = .restarts(
                ProbePlan.RestartPlan(
                    command: "while ! [ -e '\(gate.path)' ]; do sleep 0.01; done",
                    count: 1,
                    interval: .zero,
                    settle: .seconds(1),
                    timeout: .seconds(60)
                )
            )
            let run = ProbeRun(plan, server: try ServerAddress(plan.target.resolve(), plan))
            phase.set(run)
            let events = Task {
                while run.ledger.snapshot.windows.restarts.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
                try await during(run, server)
                try Data().write(to: gate)
            }
            defer { events.cancel() }
            return ProbeReport(try await run.run(), plan: plan)
        }
    }

    private func hit(_ report: ProbeReport, _ location: SourceLocation = #_sourceLocation) throws
        -> ProbeReport.BeingSent
    {
        let beingSent = try #require(report.beingSentAtRestarts.first, sourceLocation: location)
        // A client is at most for a moment between two requests.
        #expect(beingSent.requests >= 2, sourceLocation: location)
        #expect(report.addsUp, sourceLocation: location)
        return beingSent
    }

    @Test func bytesComeOneByOneAndRequestsAreComplete() async throws {
        let reads = Mutex<[Int]>([])
        let result = try await LoopbackServer.with { moment in
            reads.withLock { if moment.request > 0 { $0.append(moment.reads) } }
            let isRight = moment.text.hasPrefix("GET / HTTP/1.1\r\n") && moment.text.contains("\r\nHost: 127.0.0.1:")
            return isRight ? .write(Reply.pid) : .write(Reply.reply(moment.text, status: "400 Bad Request"))
        } run: { server in
            var plan = ProbePlan(target: .tcp(host: "127.0.0.1", port: server.port))
            (plan.connections, plan.modes, plan.drip, plan.dripInterval) = (0, [], 2, .milliseconds(20))
            plan.load = .steady(.seconds(60))
            return try await run(plan) { $0[.ok] >= 4 || $0.failures > 0 }
        }
        #expect(result.record.tally.total.failures == 0, "\(result.record.failures)")
        #expect(result.record.tally.total.closed == 0)
        #expect(result.record.addsUp)
        // About 65 bytes; a machine that is busy joins some of them, and one that stands still all of a request.
        let counts = reads.withLock { $0 }
        #expect(counts.count { $0 > 10 } >= 2, "\(counts)")
    }

    @Test func answeredByTheNextProcess() async throws {
        let report = try await restart()
        let beingSent = try hit(report)
        #expect(beingSent.answeredByNewProcess == beingSent.requests)
        #expect((report.total.failed, report.total.closedConnections) == (0, 0), "\(report.failures)")
        #expect(report.exitStatus == 0)
        let text = ReportText(report: report).text
        for word in ["4 slow senders", "being sent when a restart began", "answered by new process"] {
            #expect(text.contains(word), "\(text)")
        }
    }

    @Test func answeredByTheSameProcess() async throws {
        let beingSent = try hit(try await restart(Self.right))
        #expect(beingSent.answeredByOldProcess == beingSent.requests)
    }

    @Test func answeredWithConnectionClose() async throws {
        let fields = "Connection: close\r\n"
        let report = try await restart(.writeAndClose(Reply.reply("app 1.0 pid 8\n", fields: fields)))
        let beingSent = try hit(report)
        #expect(beingSent.answeredByNewProcess == beingSent.requests)
        #expect(report.total.failed == 0, "\(report.failures)")
        #expect(report.total.closedConnectionsAnnounced >= beingSent.requests)
    }

    @Test func requestsThatAreSwallowed() async throws {
        let report = try await restart(timeout: .seconds(5), .ignore)
        let beingSent = try hit(report)
        #expect(beingSent.unanswered == beingSent.requests)
        #expect(report.total.outcomes["timeout", default: 0] >= beingSent.requests)
        #expect(report.exitStatus == 1)
    }

    /// The requests take a minute, so that none is complete before the server closes, however late that is.
    @Test func closedInTheMiddleOfARequest() async throws {
        let report = try await restart(interval: .seconds(1), timeout: .seconds(100)) { run, server in
            server.closeConnections()
            while run.ledger.snapshot.tally.total.failures < 2 { try await Task.sleep(for: .milliseconds(2)) }
            run.interrupt()
            run.interrupt()
        }
        let beingSent = try hit(report)
        #expect(beingSent.unanswered == beingSent.requests)
        #expect((2...Self.clients).contains(report.total.failed), "\(report.failures)")
        #expect(report.total.closedConnections == report.total.failed)
        #expect(report.exitStatus == 1)
    }
}
