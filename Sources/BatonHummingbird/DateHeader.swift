import Systemd

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The value of the `Date` header (RFC 9110, 5.6.7), formatted once a second.
final class DateHeader: Sendable {
    private struct Cached {
        var second = -1
        var text = ""
    }

    private let cached = Locked(Cached())

    /// The header's value now.
    var now: String {
        let second = time(nil)
        return cached.withLock { cached in
            if cached.second != second { cached = Cached(second: second, text: Self.format(second)) }
            return cached.text
        }
    }

    static func format(_ second: time_t) -> String {
        var (second, parts) = (second, tm())
        gmtime_r(&second, &parts)
        let weekday = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][Int(parts.tm_wday)]
        let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][
            Int(parts.tm_mon)
        ]
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(weekday), \(two(parts.tm_mday)) \(month) \(1900 + parts.tm_year) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }
}
