import Baton

/// What lets a process leave its connections to the next one: systemd's descriptor store, and a signal that says that one follows.
enum StoreChecks {
    static func findings(_ examination: Examination) -> [Finding] {
        guard !examination.isPerConnection, !examination.sockets.isEmpty else { return [] }
        let service = examination.service
        let room = service.number(.fileDescriptorStoreMax) ?? 0
        if examination.program.isSupervised { return room > 0 ? [] : [missing(service, supervised: true)] }
        // TERM, which is that of a stop if nothing else is told, tells nothing.
        let told = service.signal(.restartKillSignal)
        let isStops = told == Signal.term.number && told == service.signal(.killSignal) ?? Signal.term.number
        let signal = isStops ? nil : told
        switch (room, signal) {
        case (0, nil): return [neither(service)]
        case (0, _): return [missing(service, supervised: false)]
        case (1, .some): return [small(service)]
        case (_, nil): return examination.systemd < 244 ? [] : [signalMissing(service)]
        default: return []
        }
    }

    /// How many places the store should have.
    static let places = 64
    private static let setting = "FileDescriptorStoreMax=\(places)"
    private static let source = "systemd.service(5), FileDescriptorStoreMax="
    private static let signalSource = "systemd.kill(5), RestartKillSignal="

    private static func missing(_ service: Unit, supervised: Bool) -> Finding {
        Finding(
            .storeMissing,
            service,
            supervised
                ? "what the supervisor and its workers keep over a restart is lost: systemd keeps nothing for it"
                : "the program is told that another process follows, and cannot leave its connections to it: systemd keeps "
                    + "nothing for it, and they are closed",
            write: setting,
            at: service.last(.fileDescriptorStoreMax),
            source: source
        )
    }

    private static func small(_ service: Unit) -> Finding {
        Finding(
            .storeSmall,
            service,
            "a restart needs one place; with one alone, a second restart that overtakes the first closes its connections",
            write: setting,
            at: service.last(.fileDescriptorStoreMax),
            source: source
        )
    }

    private static func signalMissing(_ service: Unit) -> Finding {
        Finding(
            .restartSignalMissing,
            service,
            "systemd would keep its connections over a restart, but the program cannot tell one from a stop, and closes them",
            write: "RestartKillSignal=SIGINT",
            at: service.last(.restartKillSignal),
            source: signalSource
        )
    }

    private static func neither(_ service: Unit) -> Finding {
        Finding(
            .handOverMissing,
            service,
            "a restart closes idle connections, and a request that a client writes in that moment is lost; programs built with "
                + "Baton leave them to the next process with this, and \(setting)",
            write: "RestartKillSignal=SIGINT",
            source: "\(signalSource); \(source)"
        )
    }
}
