/// Numbers as people read them, without a locale.
enum NumberText {
    /// `52,344`
    static func count(_ number: some BinaryInteger) -> String {
        let digits = String(number.magnitude)
        var grouped = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { grouped += "," }
            grouped.append(digit)
        }
        return (number < 0 ? "-" : "") + grouped
    }

    /// `52,344 requests`, `1 restart`
    static func count(_ number: some BinaryInteger, _ noun: String) -> String { count(number, noun, noun + "s") }

    static func count(_ number: some BinaryInteger, _ one: String, _ many: String) -> String {
        count(number) + " " + (number == 1 ? one : many)
    }

    /// With one place below 10, else none: `0.3 ms`, `31 ms`, `1,200 ms`.
    static func milliseconds(_ value: Double) -> String {
        (value < 10 ? decimal(value, places: 1) : count(Int(value.rounded()))) + " ms"
    }

    static func milliseconds(microseconds: UInt64) -> String { decimal(Double(microseconds) / 1000, places: 2) + " ms" }

    static func seconds(_ value: Double, places: Int = 1) -> String { decimal(value, places: places) + " s" }

    /// `97 %`
    static func percent(_ share: Double) -> String { count(Int((share * 100).rounded())) + " %" }

    /// As short as it can be said: `2,000`, `0.5`.
    static func plain(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? count(Int(value)) : "\(value)"
    }

    private static func decimal(_ value: Double, places: Int) -> String {
        let scale = (0..<places).reduce(1) { scale, _ in scale * 10 }
        let scaled = Int((value * Double(scale)).rounded())
        guard places > 0 else { return count(scaled) }
        let fraction = String(scaled.magnitude % UInt(scale))
        let zeros = String(repeating: "0", count: places - fraction.count)
        return "\(scaled < 0 ? "-" : "")\(count(scaled.magnitude / UInt(scale))).\(zeros)\(fraction)"
    }
}
