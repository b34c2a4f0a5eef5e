internal import Logging
internal import Systemd

/// What the watchdog logs: the beginning and the end of each trouble, once.
struct WatchdogReport {
    private let logger: Logger
    private var lateSince: ContinuousClock.Instant?
    private var isFailing = false
    private var isUnheard = false

    init(logger: Logger) {
        self.logger = logger
    }

    /// A round that began then has not been answered in time by these.
    mutating func late(_ names: [String], since begin: ContinuousClock.Instant) {
        guard lateSince == nil else { return }
        lateSince = begin
        logger.warning(
            "watchdog: no answer for \(Self.seconds(since: begin)) from \(names.joined(separator: ", ")): no ping until there is one"
        )
    }

    /// All have answered and the check, unless it threw an error, is content.
    mutating func answered(_ error: (any Error)?) {
        if let begin = lateSince {
            lateSince = nil
            logger.warning("watchdog: all have answered, after \(Self.seconds(since: begin))")
        }
        if let error {
            if !isFailing { logger.warning("watchdog: the check failed: \(error): no ping until it succeeds") }
        } else if isFailing {
            logger.warning("watchdog: the check succeeds again")
        }
        isFailing = error != nil
    }

    /// A ping was sent, or was to be.
    mutating func pinged(_ outcome: NotifyOutcome) {
        guard case .failed(let errno) = outcome else {
            isUnheard = false
            return
        }
        if !isUnheard { logger.warning("watchdog: the service manager cannot be told: \(errno) (see NOTIFY_SOCKET)") }
        isUnheard = true
    }

    private static func seconds(since begin: ContinuousClock.Instant) -> String {
        let milliseconds = Int(((ContinuousClock.now - begin) / .milliseconds(1)).rounded())
        return "\(milliseconds) ms"
    }
}
