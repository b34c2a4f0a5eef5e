/// A length of time in the syntax of Go's `time.ParseDuration`: `1h2m3.5s`, `300ms`, `1.5us`, `2µs`, `-1s`, `0`.
public struct GoDuration: Sendable, Hashable {
    /// The length, possibly negative.
    public let nanoseconds: Int64

    /// The length as the standard library's type.
    public var duration: Duration { .nanoseconds(nanoseconds) }

    /// What is wrong with a text, in Go's words.
    public struct ParseError: Error, Hashable, CustomStringConvertible {
        /// As in `time: missing unit in duration "20"`.
        public let description: String
    }

    /// Nanoseconds of each unit; µ is U+00B5 (micro sign) or U+03BC (Greek mu).
    private static let units: [[UInt8]: UInt64] = [
        Array("ns".utf8): 1,
        Array("us".utf8): 1000,
        Array("\u{B5}s".utf8): 1000,
        Array("\u{3BC}s".utf8): 1000,
        Array("ms".utf8): 1_000_000,
        Array("s".utf8): 1_000_000_000,
        Array("m".utf8): 60_000_000_000,
        Array("h".utf8): 3_600_000_000_000,
    ]

    /// Parses a text.
    ///
    /// - Parameter text: Numbers with an optional fraction, each followed by a unit, with an optional sign in front.
    /// - Throws: What Go says of the same text.
    public init(_ text: String) throws(ParseError) {
        var rest = Array(text.utf8)[...]
        let invalid = ParseError(description: "time: invalid duration \(Self.quote(text))")

        var isNegative = false
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            rest.removeFirst()
        }
        if rest.elementsEqual([UInt8(ascii: "0")]) {
            nanoseconds = 0
            return
        }
        guard !rest.isEmpty else { throw invalid }

        // Up to 2⁶³, one more than the largest positive: the most negative length is legal.
        var total: UInt64 = 0
        while !rest.isEmpty {
            guard let (number, fraction) = Self.takeNumber(&rest) else { throw invalid }
            let unit = Array(rest.prefix { $0 != UInt8(ascii: ".") && !Self.isDigit($0) })
            rest = rest.dropFirst(unit.count)
            guard !unit.isEmpty else {
                throw ParseError(description: "time: missing unit in duration \(Self.quote(text))")
            }
            guard let scale = Self.units[unit] else {
                let name = Self.quote(String(decoding: unit, as: UTF8.self))
                throw ParseError(description: "time: unknown unit \(name) in duration \(Self.quote(text))")
            }
            guard number <= (1 << 63) / scale else { throw invalid }
            // Like Go, in floating point: a fraction is exact to the nanosecond for all units.
            let part = number * scale + UInt64(Double(fraction.value) * (Double(scale) / fraction.scale))
            guard part <= (1 << 63) - total else { throw invalid }
            total += part
        }
        if isNegative {
            nanoseconds = total == 1 << 63 ? .min : -Int64(total)
        } else {
            guard let positive = Int64(exactly: total) else { throw invalid }
            nanoseconds = positive
        }
    }

    private typealias Fraction = (value: UInt64, scale: Double)

    /// Takes `12`, `12.`, `12.5` or `.5`; nil where there is no number or it is too large.
    private static func takeNumber(_ rest: inout ArraySlice<UInt8>) -> (UInt64, Fraction)? {
        let digits = rest.prefix(while: isDigit)
        rest = rest.dropFirst(digits.count)
        var number: UInt64 = 0
        for digit in digits {
            guard number <= (1 << 63) / 10 else { return nil }
            number = number * 10 + UInt64(digit - UInt8(ascii: "0"))
            guard number <= 1 << 63 else { return nil }
        }
        guard rest.first == UInt8(ascii: ".") else {
            return digits.isEmpty ? nil : (number, Fraction(value: 0, scale: 1))
        }
        rest.removeFirst()
        let fraction = rest.prefix(while: isDigit)
        rest = rest.dropFirst(fraction.count)
        guard !digits.isEmpty || !fraction.isEmpty else { return nil }
        return (number, takeFraction(fraction))
    }

    /// Digits beyond what fits into 63 bits are far below a nanosecond and are dropped.
    private static func takeFraction(_ digits: ArraySlice<UInt8>) -> Fraction {
        var value: UInt64 = 0
        var scale = 1.0
        for digit in digits {
            guard value <= (1 << 63 - 1) / 10 else { break }
            let next = value * 10 + UInt64(digit - UInt8(ascii: "0"))
            guard next <= 1 << 63 else { break }
            (value, scale) = (next, scale * 10)
        }
        return (value, scale)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// Go's `quote` of package time: bytes that are not printable ASCII as `\xNN`.
    private static func quote(_ text: String) -> String {
        var quoted = "\""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                quoted += "\\" + String(UnicodeScalar(byte))
            case 0x20..<0x80:
                quoted += String(UnicodeScalar(byte))
            default:
                quoted += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return quoted + "\""
    }
}
