import Histogram

extension ProbeReport {
    init(_ result: ProbeRun.Result, plan: ProbePlan) {
        let record = result.record
        let clients = plan.clients
        let total = Modes("all", clients: clients.count, record.tally.total)
        let restarts = record.windows.restarts.indices.map { Restart($0, record.windows) }
        var asked: ProbePlan.RestartPlan?
        if case .restarts(let restarts) = plan.load { asked = restarts }
        self.init(
            target: plan.target.words,
            connections: plan.connections,
            streamsPerConnection: plan.streams ?? 0,
            websocketConnections: plan.webSockets,
            dripConnections: plan.drip,
            durationSeconds: result.duration.inSeconds,
            interrupted: result.wasInterrupted,
            exitStatus: 0,
            addsUp: record.addsUp,
            noClose: plan.noClose,
            restartCommand: asked?.command ?? "",
            restartsAsked: asked?.count ?? 0,
            restartsFailed: restarts.count { !$0.succeeded },
            total: total,
            modes: plan.allModes.map { mode in
                Modes(mode.rawValue, clients: clients.count { $0 == mode }, record.tally[mode])
            },
            latencyModes: plan.modes.filter(\.isInHistogram).map(\.rawValue),
            latencySteady: Latency(record.latency.steady),
            latencyAroundRestarts: Latency(record.latency.aroundRestarts),
            arrivals: Arrivals(rate: plan.arrivalRate ?? 0, record.arrivals),
            probe: Own(result),
            beingSentAtRestarts: plan.allModes.filter(\.sendsInPieces).map { BeingSent($0, record.beingSent) },
            idle: Idle(record.idle, plan: plan),
            restarts: restarts,
            gaps: Gaps(record.windows.gaps),
            newConnectionGaps: Gaps(record.windows.newConnectionGaps),
            pids: record.processes.inOrder.map {
                Answerer(pid: $0.pid, responses: $0.responses, firstSeenSeconds: $0.firstSeen.inSeconds)
            },
            failures: record.failures.map {
                Failure(
                    atSeconds: $0.endedAt.inSeconds,
                    mode: $0.mode.rawValue,
                    kind: $0.kind.rawValue,
                    detail: $0.detail
                )
            }
        )
        exitStatus = ProbeExit(self).rawValue
    }
}

extension ProbeReport.Modes {
    fileprivate init(_ name: String, clients: Int, _ count: Tally.Count) {
        self.init(
            mode: name,
            clients: clients,
            issued: count.issued,
            recorded: count.recorded,
            failed: count.failures,
            outcomes: Dictionary(uniqueKeysWithValues: OutcomeKind.allCases.map { ($0.rawValue, count[$0]) }),
            closedBeforeWritten: Dictionary(uniqueKeysWithValues: CleanClose.allCases.map { ($0.rawValue, count[$0]) }),
            closedConnections: count.closed,
            closedConnectionsAnnounced: count.serverCloses[.announced, default: 0]
        )
    }
}

extension ProbeReport.Latency {
    init(_ histogram: Histogram<UInt64>) {
        guard histogram.totalCount > 0 else {
            self.init(responses: 0, p50Microseconds: 0, p99Microseconds: 0, p999Microseconds: 0, maxMicroseconds: 0)
            return
        }
        // A bucket's upper end can lie above all that was recorded in it.
        func percentile(_ percent: Double) -> UInt64 {
            min(histogram.valueAtPercentile(percent), histogram.maxRecorded)
        }
        self.init(
            responses: histogram.totalCount,
            p50Microseconds: percentile(50),
            p99Microseconds: percentile(99),
            p999Microseconds: percentile(99.9),
            maxMicroseconds: histogram.maxRecorded
        )
    }
}

extension ProbeReport.Restart {
    fileprivate init(_ index: Int, _ windows: RestartWindows) {
        let restart = windows.restarts[index]
        var status: Int?
        if case .exited(let code) = restart.exit { status = Int(code) }
        self.init(
            number: index + 1,
            startedAtSeconds: restart.startedAt.inSeconds,
            tookSeconds: restart.endedAt.map { ($0 - restart.startedAt).inSeconds },
            ended: restart.exit?.words ?? "unfinished",
            exitStatus: status,
            succeeded: restart.exit?.succeeded ?? false,
            longestGapMilliseconds: windows.gaps.atRestart[index].map(\.inMilliseconds),
            longestNewConnectionGapMilliseconds: windows.newConnectionGaps.atRestart[index].map(\.inMilliseconds)
        )
    }
}

extension ProbeReport.Gaps {
    init(_ recorder: GapRecorder) {
        let sorted = recorder.atRestart.compactMap { $0 }.sorted()
        self.init(
            medianMilliseconds: Self.median(sorted)?.inMilliseconds,
            worstMilliseconds: sorted.last?.inMilliseconds,
            quietMilliseconds: recorder.quiet?.inMilliseconds
        )
    }

    private static func median(_ sorted: [Duration]) -> Duration? {
        guard !sorted.isEmpty else { return nil }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
