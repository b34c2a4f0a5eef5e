import Baton

/// What lets a process finish the requests that it has, or does not.
enum DrainChecks {
    static func findings(_ examination: Examination) -> [Finding] {
        [stopTimeout, scopeLimit, killMode, killSignal].compactMap { $0(examination) }
    }

    private static func stopTimeout(_ examination: Examination) -> Finding? {
        let service = examination.service
        // Without a line, the manager's default (DefaultTimeoutStopSec=), which only it knows.
        let inForce = examination.live?.property("TimeoutStopUSec", of: service.name).flatMap { TimeSpan($0) }
        let told = service.span(.timeoutStop) ?? inForce ?? .finite(.seconds(90))
        // 0 is for ever, too.
        guard !told.isZero, told < .infinity, told <= examination.drain.limit else { return nil }
        let last = service.last(.timeoutStop)
        return Finding(
            .stopTimeout,
            service,
            "systemd kills the process \(told.text) after a stop\(last == nil ? ", the default" : ""), and a drain may take "
                + "\(examination.drain.limit.text) (\(examination.drain.origin)): requests are cut, and nobody says which",
            write: "TimeoutStopSec=\(examination.sufficientStopTimeout)",
            at: last,
            source: "systemd.service(5), TimeoutStopSec="
        )
    }

    private static func scopeLimit(_ examination: Examination) -> Finding? {
        let service = examination.service
        for line in service.all(.execStop) {
            let words = UnitText.words(line.value)
            guard words.dropFirst().first == "drain-scope" else { continue }
            let told = ServiceProgram.value(of: "--limit", in: words).flatMap { TimeSpan($0) }
            let limit = told ?? .finite(DrainLimit.normal.duration)
            guard limit <= examination.drain.limit else { continue }
            let program = words.first ?? "+/usr/local/bin/baton"
            return Finding(
                .scopeLimit,
                service,
                "the scope in which an old generation drains ends after \(limit.text), and a drain may take "
                    + "\(examination.drain.limit.text) (\(examination.drain.origin))",
                write: "ExecStop=\(program) drain-scope --limit \(examination.sufficientStopTimeout)",
                at: line,
                source: "baton drain-scope --help, --limit"
            )
        }
        return nil
    }

    private static func killMode(_ examination: Examination) -> Finding? {
        let (service, program) = (examination.service, examination.program)
        let last = service.last(.killMode)
        func finding(_ id: FindingID, _ message: String) -> Finding {
            Finding(
                id,
                service,
                message,
                write: "KillMode=control-group",
                at: last,
                source: "systemd.kill(5), KillMode="
            )
        }
        switch last?.value {
        case "none":
            return finding(
                .killMode,
                "nobody tells the process to drain: the next one starts beside it, and it goes on"
            )
        case "process":
            return finding(
                .killModeLeaves,
                "whatever else the main process has started is left running at a stop, without an end"
            )
        case "mixed" where program.isSupervised:
            return finding(
                .killMode,
                "when the supervisor ends, or is killed, the workers that drain are killed at once"
            )
        case "mixed" where program.restartsItself:
            return finding(
                .killMode,
                "after its own restart the old process is not the main one: at the end of that, it is killed in its drain"
            )
        default: return nil
        }
    }

    private static func killSignal(_ examination: Examination) -> Finding? {
        let service = examination.service
        guard let line = service.last(.killSignal), let signal = service.signal(.killSignal) else { return nil }
        let why: String
        if signal == Signal.kill.number {
            why = "the process is killed at once, with every request that it has"
        } else if signal != Signal.term.number, signal == service.signal(.restartKillSignal) {
            why =
                "a stop and a restart have the same signal: at a stop, connections are left to a process that does not come"
        } else {
            return nil
        }
        return Finding(
            .killSignal,
            service,
            why,
            write: "KillSignal=SIGTERM",
            at: line,
            source: "systemd.kill(5), KillSignal="
        )
    }
}
