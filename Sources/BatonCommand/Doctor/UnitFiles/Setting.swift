/// A setting of a unit that a check looks at.
enum Setting: String, CaseIterable {
    case accept = "Accept"
    case after = "After"
    case backlog = "Backlog"
    case bindsTo = "BindsTo"
    case execReload = "ExecReload"
    case execStart = "ExecStart"
    case execStop = "ExecStop"
    case fileDescriptorStoreMax = "FileDescriptorStoreMax"
    case flushPending = "FlushPending"
    case killMode = "KillMode"
    case killSignal = "KillSignal"
    case listenSequentialPacket = "ListenSequentialPacket"
    case listenStream = "ListenStream"
    case maxConnections = "MaxConnections"
    case nonBlocking = "NonBlocking"
    case removeOnStop = "RemoveOnStop"
    case requires = "Requires"
    case restart = "Restart"
    case restartKillSignal = "RestartKillSignal"
    case runtimeDirectory = "RuntimeDirectory"
    case runtimeDirectoryPreserve = "RuntimeDirectoryPreserve"
    case service = "Service"
    case sockets = "Sockets"
    case standardInput = "StandardInput"
    case startLimitBurst = "StartLimitBurst"
    case startLimitInterval = "StartLimitIntervalSec"
    case timeoutStop = "TimeoutStopSec"
    case triggerLimitBurst = "TriggerLimitBurst"
    case triggerLimitInterval = "TriggerLimitIntervalSec"
    case type = "Type"
    case watchdog = "WatchdogSec"

    /// What its value has to be; systemd ignores the line otherwise.
    enum Kind {
        case boolean, number, span, signal
        case booleanOr(String)
        /// One of a few words.
        case oneOf([String])
        /// Anything.
        case text
    }

    var kind: Kind {
        switch self {
        case .accept, .flushPending, .nonBlocking, .removeOnStop: .boolean
        case .backlog, .fileDescriptorStoreMax, .maxConnections, .startLimitBurst, .triggerLimitBurst: .number
        case .startLimitInterval, .timeoutStop, .triggerLimitInterval, .watchdog: .span
        case .killSignal, .restartKillSignal: .signal
        case .killMode: .oneOf(["control-group", "mixed", "process", "none"])
        case .restart:
            .oneOf([
                "no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always",
            ])
        case .runtimeDirectoryPreserve: .booleanOr("restart")
        // What is right for Type= depends on the version: that is a check of its own.
        default: .text
        }
    }

    /// The section of units of that kind in which it is; nil if they do not have it.
    func section(in unit: UnitName.Kind) -> String? {
        switch self {
        case .after, .bindsTo, .requires, .startLimitBurst, .startLimitInterval: "Unit"
        case .accept, .backlog, .flushPending, .listenSequentialPacket, .listenStream, .maxConnections, .removeOnStop,
            .service, .triggerLimitBurst, .triggerLimitInterval:
            unit == .socket ? "Socket" : nil
        default: unit == .service ? "Service" : nil
        }
    }

    /// Names that it had, or has besides, as section and key.
    var otherNames: [(section: String, key: String)] {
        switch self {
        case .startLimitInterval:
            [("Unit", "StartLimitInterval"), ("Service", "StartLimitInterval"), ("Service", "StartLimitIntervalSec")]
        case .startLimitBurst: [("Service", "StartLimitBurst")]
        case .timeoutStop: [("Service", "TimeoutSec")]
        case .bindsTo: [("Unit", "BindTo")]
        default: []
        }
    }

    /// Whether systemd takes that value.
    func takes(_ value: String) -> Bool {
        switch kind {
        case .boolean: UnitText.boolean(value) != nil
        case .booleanOr(let word): value == word || UnitText.boolean(value) != nil
        case .number: UInt32(value) != nil
        case .span: TimeSpan(value) != nil
        case .signal: UnitText.signal(value) != nil
        case .oneOf(let words): words.contains(value)
        case .text: true
        }
    }
}
