import Histogram
import NIOCore
import Testing

@testable import BatonCommand

/// Whole runs against a server that is right.
struct ProbeRunTests {
    private func withRightServer<R: Sendable>(_ body: (LoopbackServer) async throws -> R) async throws -> R {
        try await LoopbackServer.with { moment in
            if moment.text.hasPrefix("POST") { return .write(Reply.sleep(1_000_000)) }
            return .write(moment.text.hasPrefix("GET /sleep/?duration=20ms ") ? Reply.sleep(20_000_000) : Reply.pid)
        } run: {
            try await body($0)
        }
    }

    private func restarts(_ command: String, count: Int) -> ProbePlan.Load {
        .restarts(
            ProbePlan.RestartPlan(
                command: command,
                count: count,
                interval: .milliseconds(20),
                settle: .seconds(1),
                timeout: .seconds(60)
            )
        )
    }

    @Test func allModesAtOnce() async throws {
        let result = try await withRightServer { server in
            try await probe(port: server.port, ProbeMode.load, connections: 32) { $0[.ok] >= 500 }
        }
        let tally = result.record.tally
        #expect(tally.total.failures == 0, "\(result.record.failures)")
        #expect(tally.total.cleanCloses.isEmpty)
        #expect(tally.total.serverCloses.isEmpty)
        #expect(tally.addsUp)
        for mode in ProbeMode.load { #expect(tally[mode][.ok] > 0, "\(mode)") }
        #expect(result.record.processes.inOrder.map(\.pid) == [7])
    }

    @Test func modesSendWhatTheySay() async throws {
        try await LoopbackServer.with { moment in
            let isNew = moment.request == 0
            let asksToClose = moment.text.contains("Connection: close\r\n")
            let isRight = moment.text.contains("Host: 127.0.0.1:") && (asksToClose ? isNew : true)
            return .write(isRight ? Reply.pid : Reply.reply(moment.text, status: "400 Bad Request"))
        } run: { server in
            for mode in [ProbeMode.newConnection, .keepAlive, .keepAlivePause, .connectPause] {
                let record = try await probe(port: server.port, [mode]) { $0[.ok] >= 3 || $0.failures > 0 }.record
                #expect(record.tally.total.failures == 0, "\(mode): \(record.failures)")
            }
        }
    }

    @Test func restartsAreRunAndMeasured() async throws {
        let result = try await withRightServer { server in
            try await probe(
                port: server.port,
                [.newConnection],
                connections: 2,
                load: restarts("sleep 0.05", count: 3)
            ) { _ in false }
        }
        let windows = result.record.windows
        #expect(windows.restarts.map(\.exit) == [.exited(0), .exited(0), .exited(0)])
        for restart in windows.restarts {
            #expect(restart.endedAt.map { $0 - restart.startedAt >= .milliseconds(50) } == true)
        }
        #expect(!windows.newConnectionGaps.atRestart.contains(nil))
        #expect(result.record.latency.steady.totalCount > 0)
        #expect(result.record.latency.aroundRestarts.totalCount > 0)
        #expect(!result.wasInterrupted)
    }

    @Test func aRestartCommandThatFailsIsTold() async throws {
        var plan = ProbePlan(target: .tcp(host: "127.0.0.1", port: 1))
        plan.modes = [.newConnection]
        plan.connections = 1
        plan.load = restarts("exit 4", count: 1)
        let finished = plan
        let report = try await withRightServer { server in
            var plan = finished
            plan.target = .tcp(host: "127.0.0.1", port: server.port)
            return ProbeReport(try await run(plan) { _ in false }, plan: plan)
        }
        #expect(report.total.failed == 0)
        #expect(report.restartsFailed == 1)
        #expect(report.restarts.map(\.exitStatus) == [4])
        #expect(report.exitStatus == 1)
        #expect(ReportText(report: report).lastLine.hasSuffix("1 restart command failed"))
    }

    @Test func aSecondInterruptAbandonsWhatIsUnderWay() async throws {
        let (began, begin) = AsyncStream.makeStream(of: Void.self)
        let result = try await LoopbackServer.with { _ in
            begin.yield()
            return .ignore
        } run: { server in
            var plan = ProbePlan(target: .tcp(host: "127.0.0.1", port: server.port))
            (plan.modes, plan.connections, plan.load) = ([.newConnection], 1, .steady(.seconds(60)))
            let run = ProbeRun(plan, server: try ServerAddress(plan.target.resolve(), plan))
            let interrupts = Task {
                for await _ in began { break }
                run.interrupt()
                run.interrupt()
            }
            defer { interrupts.cancel() }
            return try await run.run()
        }
        #expect(result.record.tally.total.outcomes == [.abandoned: 1])
        #expect(result.record.tally.addsUp)
        #expect(result.wasInterrupted)
        #expect(result.duration < .seconds(30))
    }

    @Test func aRateIsKept() async throws {
        let result = try await withRightServer { server in
            var plan = ProbePlan(target: .tcp(host: "127.0.0.1", port: server.port))
            (plan.modes, plan.connections, plan.load, plan.rate) = ([.keepAlive], 2, .steady(.milliseconds(500)), 20)
            return try await run(plan) { _ in false }
        }
        // 2 clients, 20 requests a second each; never more, and on a busy machine less.
        let most = 2 * Int(20 * result.duration.inSeconds + 2)
        #expect((2...most).contains(result.record.tally.total[.ok]))
    }
}
