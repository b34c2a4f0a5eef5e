/// The findings by the names that they keep.
enum FindingID: String, CaseIterable, Encodable {
    // Errors.
    case noSocket = "no-socket"
    case serviceMissing = "service-missing"
    case socketInactive = "socket-inactive"
    case socketNotRequired = "socket-not-required"
    case startLimit = "start-limit"
    case triggerLimit = "trigger-limit"
    case flushPending = "flush-pending"
    case socketInRuntimeDirectory = "socket-in-runtime-directory"
    case typeUnknown = "type-unknown"
    case stopTimeout = "stop-timeout"
    case scopeLimit = "scope-limit"
    case killMode = "kill-mode"
    case killSignal = "kill-signal"

    // Warnings.
    case lineIgnored = "line-ignored"
    case daemonReload = "daemon-reload"
    case typeNotNotify = "type-not-notify"
    case restartMissing = "restart-missing"
    case killModeLeaves = "kill-mode-leaves"
    case oldGeneration = "old-generation"
    case backlogSmall = "backlog-small"
    case backlogCut = "backlog-cut"
    case backlogInForce = "backlog-in-force"
    case maxConnections = "max-connections"
    case removeOnStop = "remove-on-stop"
    case storeMissing = "fdstore-missing"
    case storeSmall = "fdstore-small"
    case storeFull = "fdstore-full"
    case restartSignalMissing = "restart-signal-missing"
    case nonBlockingConnection = "nonblocking-connection"

    // Hints.
    case socketOrder = "socket-order"
    case handOverMissing = "hand-over-missing"
    case watchdogMissing = "watchdog-missing"
    case nonBlockingMissing = "nonblocking-missing"
    case reloadReturnsAtOnce = "reload-returns-at-once"
    case draining
    case notEnabled = "not-enabled"
    case exposure

    var severity: Severity {
        switch self {
        case .noSocket, .serviceMissing, .socketInactive, .socketNotRequired, .startLimit, .triggerLimit,
            .flushPending, .socketInRuntimeDirectory, .typeUnknown, .stopTimeout, .scopeLimit, .killMode, .killSignal:
            .error
        case .lineIgnored, .daemonReload, .typeNotNotify, .restartMissing, .killModeLeaves, .oldGeneration,
            .backlogSmall, .backlogCut, .backlogInForce, .maxConnections, .removeOnStop, .storeMissing, .storeSmall,
            .storeFull, .restartSignalMissing, .nonBlockingConnection:
            .warning
        case .socketOrder, .handOverMissing, .watchdogMissing, .nonBlockingMissing, .reloadReturnsAtOnce, .draining,
            .notEnabled, .exposure:
            .hint
        }
    }
}
