/// What a drain tells the service manager from time to time: what is left, in a line for people, and whether to be patient.
///
/// The manager's patience (`TimeoutStopSec=`) is extended for as long as something moves, and never beyond the drain's own
/// deadline. Where nothing moves any more, the unit's limit holds.
package struct DrainProgress {
    /// How often it is told. A shorter time is not worth waking up for, and a longer one looks like a standstill.
    package static var interval: Duration { .seconds(1) }
    /// How long one extension lasts; several of them may get lost.
    private static var patience: Duration { .seconds(5) }

    private var last: [UInt64]?

    package init() {}

    /// The line, and the extension to ask for, if any.
    ///
    /// - Parameters:
    ///   - requests: Requests that have been received and not answered.
    ///   - idle: Connections without one.
    ///   - activity: A number that differs from the last one if something has moved.
    ///   - left: The time until the drain's deadline.
    package mutating func tick(
        requests: Int,
        idle: Int,
        activity: UInt64,
        left: Duration
    ) -> (status: String, extension: Duration?) {
        let now = [UInt64(requests), UInt64(idle), activity]
        let hasMoved = last != now
        last = now
        let seconds = max(0, (left / .milliseconds(1000)).rounded(.up))
        let status =
            "draining: \(Self.count(requests, "request")), \(Self.count(idle, "idle connection")), \(Int(seconds)) s left"
        return (status, hasMoved && left > .zero ? min(Self.patience, left + .seconds(1)) : nil)
    }

    private static func count(_ number: Int, _ what: String) -> String {
        "\(number) \(what)\(number == 1 ? "" : "s")"
    }
}
