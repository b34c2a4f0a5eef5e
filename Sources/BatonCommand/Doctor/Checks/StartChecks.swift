/// What decides whether the next process starts, and whether that is known.
enum StartChecks {
    static func findings(_ examination: Examination) -> [Finding] {
        let ofAll = [type(examination), nonBlocking(examination)]
        let ofServers = [startLimit, restart, watchdog, reload].map { $0(examination) }
        return (ofAll + (examination.isPerConnection ? [] : ofServers)).compactMap(\.self)
    }

    private static func startLimit(_ examination: Examination) -> Finding? {
        let service = examination.service
        let interval = service.span(.startLimitInterval) ?? .finite(.seconds(10))
        let burst = service.number(.startLimitBurst) ?? 5
        guard !interval.isZero, burst > 0 else { return nil }
        return Finding(
            .startLimit,
            service,
            "\(burst) starts within \(interval.text) make it fail, and its socket with it: clients are refused until "
                + "somebody acts",
            write: "StartLimitIntervalSec=0",
            in: "Unit",
            at: service.last(.startLimitInterval),
            source: "systemd.unit(5), StartLimitIntervalSec="
        )
    }

    /// Types, and the version from which on they are known.
    private static let types = [
        "simple": 0, "exec": 240, "forking": 0, "oneshot": 0, "dbus": 0, "notify": 0, "notify-reload": 253, "idle": 0,
    ]

    private static func type(_ examination: Examination) -> Finding? {
        let service = examination.service
        let last = service.last(.type)
        let type = last?.value ?? "simple"
        let since = types[type]
        guard let since, since <= examination.systemd else {
            let why = since.map { "systemd knows it from \($0) on, and this is \(examination.systemd)" }
            return Finding(
                .typeUnknown,
                service,
                "\(why ?? "there is no such type"): systemd ignores the line, the service is Type=simple, and what the "
                    + "program says of being ready is not heard",
                write: "Type=notify",
                at: last,
                source: "systemd.service(5), Type="
            )
        }
        guard !type.hasPrefix("notify"), !examination.isPerConnection else { return nil }
        return Finding(
            .typeNotNotify,
            service,
            "Type=\(type): a start counts as done before the program accepts connections, so a restart is reported as good "
                + "when the new version never serves",
            write: "Type=notify",
            at: last,
            source: "systemd.service(5), Type="
        )
    }

    private static func restart(_ examination: Examination) -> Finding? {
        let service = examination.service
        guard service.text(.restart) ?? "no" == "no" else { return nil }
        return Finding(
            .restartMissing,
            service,
            "after a crash nobody serves until the next connection comes, and with connections coming nothing keeps a "
                + "program that fails from being started again and again",
            write: "Restart=always",
            at: service.last(.restart),
            source: "systemd.service(5), Restart="
        )
    }

    private static func watchdog(_ examination: Examination) -> Finding? {
        let service = examination.service
        guard service.span(.watchdog)?.isZero ?? true else { return nil }
        return Finding(
            .watchdogMissing,
            service,
            "a process that hangs is not replaced; this is for programs that ping (WATCHDOG=1), as Baton's servers do",
            write: "WatchdogSec=10",
            at: service.last(.watchdog),
            source: "systemd.service(5), WatchdogSec="
        )
    }

    private static func reload(_ examination: Examination) -> Finding? {
        let service = examination.service
        guard let line = service.last(.execReload) else { return nil }
        let words = UnitText.words(String(line.value.drop { "@-:+!|".contains($0) }))
        guard words.first?.split(separator: "/").last == "kill" else { return nil }
        let command = examination.program.isSupervised ? "restart" : "reload"
        return Finding(
            .reloadReturnsAtOnce,
            service,
            "`systemctl reload` ends when the signal is sent, before anything has been reloaded, and never fails",
            write: "ExecReload=/usr/local/bin/baton \(command)",
            at: line,
            source: "systemd.service(5), ExecReload="
        )
    }

    private static func nonBlocking(_ examination: Examination) -> Finding? {
        let service = examination.service
        if examination.isPerConnection {
            guard service.boolean(.nonBlocking), service.text(.standardInput) == "socket" else { return nil }
            return Finding(
                .nonBlockingConnection,
                service,
                "its standard input is the connection, which does not block: a program that reads it as a file takes "
                    + "\"try again\" for the end",
                write: "NonBlocking=no",
                at: service.last(.nonBlocking),
                source: "systemd.service(5), NonBlocking="
            )
        }
        guard !examination.sockets.isEmpty, !service.boolean(.nonBlocking) else { return nil }
        return Finding(
            .nonBlockingMissing,
            service,
            "generations share the socket: a program that does not set O_NONBLOCK itself hangs when another one takes the "
                + "connection that it was woken for",
            write: "NonBlocking=yes",
            at: service.last(.nonBlocking),
            source: "systemd.service(5), NonBlocking=; accept(2)"
        )
    }
}
