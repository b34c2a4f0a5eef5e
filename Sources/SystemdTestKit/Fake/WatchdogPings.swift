/// The pings that came in a span of time.
public struct WatchdogPings: Sendable, Hashable {
    /// How long it was watched.
    public let duration: Duration
    /// When each `WATCHDOG=1` came, from the beginning of it.
    public let times: [Duration]

    /// The longest time without a ping, also before the first and after the last one: a real service manager ends the service
    /// if this is more than `WatchdogSec=`.
    public var longestGap: Duration {
        zip([.zero] + times, times + [duration]).map { $1 - $0 }.max() ?? duration
    }
}
