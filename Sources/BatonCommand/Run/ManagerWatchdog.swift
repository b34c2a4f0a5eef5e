import Systemd

/// The service manager's watchdog (`WatchdogSec=`): the generation that serves is the one that has to ping.
///
/// A program that knows no watchdog cannot; as long as none has pinged, this process does, which shows that it is well itself.
struct ManagerWatchdog {
    /// `WATCHDOG_USEC` for the generations; nil is no watchdog.
    let timeout: String?
    private let interval: Duration?
    private var isPingedByProgram = false
    /// When to ping.
    private(set) var next: ContinuousClock.Instant?

    init(_ watchdog: WatchdogTimeout?) {
        timeout = watchdog.map {
            "\($0.duration.components.seconds * 1_000_000 + $0.duration.components.attoseconds / 1_000_000_000_000)"
        }
        interval = watchdog?.interval
    }

    /// A generation has taken over: it has the time of a ping to show what it can.
    mutating func isServed(by generation: Int) {
        isPingedByProgram = false
        next = interval.map { .now + $0 }
    }

    /// A generation has pinged.
    mutating func heard(from generation: Int) {
        isPingedByProgram = true
        next = nil
    }

    /// Whether to ping now.
    mutating func isDue() -> Bool {
        guard let due = next, due <= .now, let interval, !isPingedByProgram else { return false }
        next = .now + interval
        return true
    }
}
