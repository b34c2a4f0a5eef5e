#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The moment a process started, in local time, as Go prints one: `2015-05-03 12:04:08.562569712 +0900 JST`.
public struct ProcessStart: Sendable, CustomStringConvertible {
    /// The moment as text.
    public let description: String

    /// The moment now: to be asked first thing in `main`.
    public static func now() -> ProcessStart {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var local = tm()
        tzset()
        localtime_r(&time.tv_sec, &local)
        return ProcessStart(local: local, nanoseconds: time.tv_nsec)
    }

    init(local: tm, nanoseconds: Int) {
        func padded(_ number: some BinaryInteger, _ width: Int = 2) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let offset = abs(local.tm_gmtoff) / 60
        let date = "\(padded(1900 + local.tm_year, 4))-\(padded(local.tm_mon + 1))-\(padded(local.tm_mday))"
        let clock = "\(padded(local.tm_hour)):\(padded(local.tm_min)):\(padded(local.tm_sec)).\(padded(nanoseconds, 9))"
        let zone = "\(local.tm_gmtoff < 0 ? "-" : "+")\(padded(offset / 60))\(padded(offset % 60))"
        description = "\(date) \(clock) \(zone) \(local.tm_zone.map { String(cString: $0) } ?? "")"
    }
}
