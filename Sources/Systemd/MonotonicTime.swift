#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The monotonic clock as systemd's protocols tell it: microseconds of `CLOCK_MONOTONIC`.
enum MonotonicTime {
    /// The corresponding C function is `clock_gettime`.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
    }
}

extension Duration {
    /// Whole microseconds, rounded up; nil for a negative duration and for one of more than 292,000 years.
    var wholeMicroseconds: UInt64? {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return nil }
        let fraction = (attoseconds + 999_999_999_999) / 1_000_000_000_000
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, overflowOfSum) = whole.addingReportingOverflow(fraction)
        return overflow || overflowOfSum ? nil : UInt64(sum)
    }

    /// Whole milliseconds for a C call, rounded up, at least nothing and at most 24 days.
    var boundedMilliseconds: CInt {
        let microseconds = self < .zero ? 0 : wholeMicroseconds ?? .max
        return CInt(clamping: microseconds / 1000 + (microseconds % 1000 == 0 ? 0 : 1))
    }
}

extension ContinuousClock.Instant {
    /// This long from now, 24 days at most.
    static func after(_ limit: Duration) -> Self {
        .now + .milliseconds(limit.boundedMilliseconds)
    }
}
