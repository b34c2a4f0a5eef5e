import Histogram

extension ProbeReport {
    /// What the probe itself used of the machine, and whether it kept up: numbers of a load generator that did not are its own.
    struct Own: Encodable, Sendable {
        /// User and system, of the whole process.
        var cpuSeconds: Double
        /// Of one core.
        var cpuShare: Double
        /// Of one core, by event loop thread.
        var eventLoopShares: [Double]
        /// Of the time, by event loop thread: it had work to do, and others had the core.
        var eventLoopWaits: [Double]
        /// Empty if the probe kept up.
        var bottlenecks: [String]
    }
}

extension ProbeReport.Own {
    init(_ result: ProbeRun.Result) {
        let seconds = max(result.duration.inSeconds, 1e-9)
        let shares = result.loopTimes.map { $0.used.inSeconds / seconds }
        let waits = result.loopTimes.map { $0.waited.inSeconds / seconds }
        self.init(
            cpuSeconds: result.processorTime.inSeconds,
            cpuShare: result.processorTime.inSeconds / seconds,
            eventLoopShares: shares,
            eventLoopWaits: waits,
            bottlenecks: Self.bottlenecks(shares, waits, ProbeReport.Latency(result.record.arrivals.slip))
        )
    }

    private static func bottlenecks(
        _ shares: [Double],
        _ waits: [Double],
        _ slip: ProbeReport.Latency
    ) -> [String] {
        var bottlenecks: [String] = []
        let starved = zip(shares, waits).filter { $0 + $1 >= ProbePlan.busyLoop }.max { $0.0 + $0.1 < $1.0 + $1.1 }
        if let busiest = shares.max(), busiest >= ProbePlan.busyLoop {
            bottlenecks.append(
                "an event loop of the probe used \(NumberText.percent(busiest)) of a core: this measures the probe; give it "
                    + "more --threads, if there are cores for them, or a lower rate"
            )
        } else if let (used, waited) = starved {
            bottlenecks.append(
                "an event loop of the probe used \(NumberText.percent(used)) of a core and had to wait for one "
                    + "\(NumberText.percent(waited)) of the time: this measures how busy the machine is; give the probe a core "
                    + "of its own, or a lower rate"
            )
        }
        if slip.p99Microseconds > ProbePlan.slipBound.wholeMicroseconds {
            bottlenecks.append(
                "the probe was late: 1 % of the requests were noticed more than "
                    + "\(NumberText.milliseconds(microseconds: slip.p99Microseconds)) after they were due, which is in the "
                    + "latencies; give it more --threads, a core of its own, or a lower rate"
            )
        }
        return bottlenecks
    }
}

extension ProbeReport.Arrivals {
    init(rate: Double, _ arrivals: ArrivalRecorder) {
        self.init(
            rate: rate,
            scheduled: arrivals.slip.totalCount,
            waitedForConnection: arrivals.waited,
            slip: ProbeReport.Latency(arrivals.slip)
        )
    }
}

extension ReportText {
    /// How well the schedule was kept, and what the probe itself used.
    var own: [String] { use + report.probe.bottlenecks.map { "  mind: \($0)" } }

    var use: [String] {
        var lines: [String] = []
        let arrivals = report.arrivals
        if arrivals.rate > 0 {
            lines.append(
                "open loop: \(NumberText.count(arrivals.scheduled, "request")) due, \(NumberText.plain(arrivals.rate)) "
                    + "a second; latencies are counted from then"
            )
            lines.append(
                "  \(NumberText.count(arrivals.waitedForConnection)) found no connection free and waited for one"
            )
            lines.append(
                "  noticed late by: p50 \(Self.times(arrivals.slip)[0]), p99 \(Self.times(arrivals.slip)[1]), "
                    + "max \(Self.times(arrivals.slip)[3])"
            )
        }
        let loops = report.probe.eventLoopShares.map { NumberText.percent($0) }.joined(separator: ", ")
        let waits = report.probe.eventLoopWaits.map { NumberText.percent($0) }.joined(separator: ", ")
        lines.append(
            "the probe itself used \(NumberText.percent(report.probe.cpuShare)) of a core"
                + (loops.isEmpty ? "" : ", its event loops \(loops); they waited for a core \(waits) of the time")
        )
        return lines
    }
}
