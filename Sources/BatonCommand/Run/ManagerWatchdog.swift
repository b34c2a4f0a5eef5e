import Systemd

/// The service manager's watchdog (`WatchdogSec=`): the generation that serves is the one that has to ping.
///
/// A program that knows no watchdog cannot; as long as none has pinged, and while none serves, this process does, which shows that it
/// is well itself. A generation that takes over is well, too: this process pings then, once, for where generations follow
/// each other more quickly than either of them would ping.
struct ManagerWatchdog {
    /// `WATCHDOG_USEC` for the generations; nil is no watchdog.
    let timeout: String?
    private let interval: Duration?
    /// Whether a generation has ever pinged: then each has to.
    private var isKnownToProgram = false
    /// Whether a generation serves.
    private var isServing = false
    /// When to ping.
    private(set) var next: ContinuousClock.Instant?

    init(_ watchdog: WatchdogTimeout?) {
        timeout = watchdog.map { watchdog in
            let (seconds, attoseconds) = watchdog.duration.components
            return "\(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)"
        }
        interval = watchdog?.interval
    }

    /// A generation has taken over.
    mutating func isServed() {
        isServing = true
        next = interval.map { _ in .now }
    }

    /// The generation that served has died.
    mutating func isUnserved() {
        isServing = false
        next = interval.map { _ in .now }
    }

    /// The generation that serves has pinged.
    mutating func heard() {
        isKnownToProgram = true
        next = nil
    }

    /// Whether to ping now.
    mutating func isDue() -> Bool {
        guard let due = next, due <= .now, let interval else { return false }
        next = isServing && isKnownToProgram ? nil : .now + interval
        return true
    }
}
