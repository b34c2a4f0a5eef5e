/// What the body of a right answer is.
enum ExpectedBody: Equatable, Sendable {
    /// Contains `pid` and a number.
    case pid
    /// `started at T slept for N nanoseconds from pid P.` and a newline, with this N (nil: any).
    case sleep(nanoseconds: Int64?)
    /// Is so many bytes long.
    case length(Int)
    /// Is this.
    case text(String)
    /// Is complete, and may be anything.
    case anything

    /// What the demonstration server `app` answers at `path`.
    init(path: String) {
        let parts = path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let segments = parts[0].split(separator: "/")
        if segments.first == "bytes", segments.count == 2, let length = Int(segments[1]), length >= 0 {
            self = .length(length)
        } else if segments == ["sleep"] {
            let query = parts.count > 1 ? parts[1].split(separator: "&") : []
            let asked = query.first { $0.hasPrefix("duration=") }?.dropFirst("duration=".count)
            self = .sleep(nanoseconds: asked.flatMap { GoDuration.nanoseconds($0) })
        } else if segments == ["health"] {
            self = .anything
        } else {
            self = .pid
        }
    }

    /// Nil if `text`, the beginning of a body of `count` bytes, is as expected; else what is wrong with it.
    func objection(to text: String, count: Int) -> String? {
        switch self {
        case .anything:
            return nil
        case .text(let expected):
            return text == expected ? nil : "not what was sent"
        case .length(let length):
            return count == length ? nil : "\(count) bytes instead of \(length)"
        case .pid:
            return Self.pid(in: text) == nil ? "no `pid` and number in it (--any-body takes any)" : nil
        case .sleep(let nanoseconds):
            guard text.hasPrefix("started at "), text.hasSuffix(".\n"), Self.pid(in: text) != nil,
                let slept = Self.number(after: " slept for ", in: text)
            else { return "not a sentence of /sleep/" }
            guard let nanoseconds, Int64(slept) != nanoseconds else { return nil }
            return "slept for \(slept) nanoseconds instead of \(nanoseconds)"
        }
    }

    /// The process that the body says it is from.
    static func pid(in text: String) -> Int? { number(after: "pid ", in: text) }

    private static func number(after words: String, in text: String) -> Int? {
        let words = words.utf8
        var rest = text.utf8[...]
        // Of each response: nothing is copied.
        while let start = rest.firstIndex(where: { $0 == words.first }) {
            rest = rest[start...]
            if rest.starts(with: words) {
                let digits = rest.dropFirst(words.count).prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
                if let number = Int(Substring(digits)) { return number }
            }
            rest = rest.dropFirst()
        }
        return nil
    }
}
