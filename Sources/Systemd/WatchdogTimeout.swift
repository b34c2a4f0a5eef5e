internal import CSystemd
internal import SystemPackage

/// How often the service manager wants to hear that the service is well: `WatchdogSec=` of the unit.
///
/// If it does not hear of it (``ServiceNotification/watchdogPing``) for that long, it ends the service with `SIGABRT` and
/// starts it again, according to `Restart=`.
public struct WatchdogTimeout: Sendable, Hashable {
    /// The longest time between two pings.
    public let duration: Duration

    /// When to ping: at half the timeout, as sd_watchdog_enabled(3) advises.
    public var interval: Duration { duration / 2 }

    package init(_ duration: Duration) {
        self.duration = duration
    }

    /// Takes `WATCHDOG_USEC` and `WATCHDOG_PID` out of the environment. Call it before other threads exist.
    ///
    /// Rests on `sd_watchdog_enabled(3)`. A second call finds nothing.
    ///
    /// - Returns: The timeout, or nil if no watchdog is meant for this process (`WATCHDOG_PID` may name another one).
    /// - Throws: ``ActivationError/Code/badEnvironment`` if the variables are malformed; they are cleared all the same.
    public static func take() throws(ActivationError) -> WatchdogTimeout? {
        let said = ["WATCHDOG_USEC", "WATCHDOG_PID"].compactMap { name in
            environmentValue(name).map { "\(name)=\($0)" }
        }
        var microseconds: UInt64 = 0
        let result = csystemd_watchdog(&microseconds)
        guard result >= 0 else {
            throw ActivationError(
                .badEnvironment,
                "the service manager's watchdog cannot be understood: \(said.joined(separator: " ")): a number of "
                    + "microseconds and a process's number are needed; set WatchdogSec= in the unit, or unset both",
                errno: Errno(rawValue: -result)
            )
        }
        return result == 0 ? nil : WatchdogTimeout(.microseconds(Int64(clamping: microseconds)))
    }
}
