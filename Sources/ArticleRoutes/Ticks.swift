#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Events that are the same in every process: one each tenth of a second, whose number counts them since 1970.
///
/// What an event says follows from its number alone. So any process, started before or after, can give any event to a client
/// that says which it had last.
struct Ticks: AsyncSequence, Sendable {
    /// Events in a second.
    static let rate: Int64 = 10

    /// The first number that is wanted.
    let first: Int64

    /// The newest event there is.
    static var latest: Int64 {
        let (seconds, nanoseconds) = now
        return seconds * rate + nanoseconds / (1_000_000_000 / rate)
    }

    /// An event as a client is to receive it.
    static func text(_ number: Int64) -> String {
        let (seconds, tenths) = number.quotientAndRemainder(dividingBy: rate)
        return "id: \(number)\ndata: tick \(number), \(seconds).\(tenths) s since 1970\n\n"
    }

    /// Ranges of numbers: those that have become due since the last, as soon as there is one, and no more at a time than a client is
    /// given of the past.
    struct AsyncIterator: AsyncIteratorProtocol {
        var next: Int64

        mutating func next() async -> ClosedRange<Int64>? {
            while true {
                let latest = Ticks.latest
                if latest >= next {
                    let last = Swift.min(latest, next + Int64(EventStream.longestReplay) - 1)
                    defer { next = last + 1 }
                    return next...last
                }
                guard (try? await Task.sleep(for: Ticks.wait(for: next))) != nil else { return nil }
            }
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(next: first) }

    private static func wait(for number: Int64) -> Duration {
        let (seconds, nanoseconds) = now
        let (dueSeconds, dueTenths) = number.quotientAndRemainder(dividingBy: rate)
        return .seconds(dueSeconds - seconds) + .nanoseconds(dueTenths * (1_000_000_000 / rate) - nanoseconds)
    }

    private static var now: (seconds: Int64, nanoseconds: Int64) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return (Int64(time.tv_sec), Int64(time.tv_nsec))
    }
}
