/// A length of time as of systemd.time(7): `40`, `2min 200ms`, `1.5s`, `infinity`.
enum TimeSpan: Equatable, Comparable, CustomStringConvertible {
    case finite(Duration)
    case infinity

    private static let units: [(names: [String], seconds: Double)] = [
        (["usec", "us", "µs", "μs"], 1e-6), (["msec", "ms"], 1e-3),
        (["", "seconds", "second", "sec", "s"], 1), (["minutes", "minute", "min", "m"], 60),
        (["hours", "hour", "hr", "h"], 3600), (["days", "day", "d"], 86_400), (["weeks", "week", "w"], 604_800),
        (["months", "month", "M"], 2_629_800), (["years", "year", "y"], 31_557_600),
    ]

    /// Nil for what is none.
    init?(_ text: some StringProtocol) {
        if text == "infinity" {
            self = .infinity
            return
        }
        var (sum, rest) = (0.0, text[...].drop { $0 == " " })
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count).drop { $0 == " " }
            let name = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(name.count).drop { $0 == " " }
            guard let number = Double(digits), let unit = Self.units.first(where: { $0.names.contains(String(name)) })
            else { return nil }
            sum += number * unit.seconds
        }
        // 292,000 years, in microseconds.
        guard sum < 9e12 else { return nil }
        self = .finite(.microseconds(Int64((sum * 1e6).rounded())))
    }

    /// One after the other.
    static func + (first: TimeSpan, second: TimeSpan) -> TimeSpan {
        guard case .finite(let first) = first, case .finite(let second) = second else { return .infinity }
        return .finite(first + second)
    }

    var isZero: Bool { self == .finite(.zero) }

    /// As units have it: `40`, `250ms`.
    var description: String {
        guard case .finite(let duration) = self else { return "infinity" }
        let milliseconds = duration.wholeNanoseconds / 1_000_000
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)" : "\(milliseconds)ms"
    }

    /// As people have it: `40 s`, `250 ms`.
    var text: String {
        guard case .finite(let duration) = self else { return "for ever" }
        let milliseconds = duration.wholeNanoseconds / 1_000_000
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
    }
}
