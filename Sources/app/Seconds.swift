import ArgumentParser
import ArticleRoutes

/// A length of time on the command line: a number of seconds, or Go's syntax (`60s`, `1m30s`).
struct Seconds: CustomStringConvertible {
    /// The longest one: a day.
    private static let longest = 86_400.0

    let description: String
    let duration: Duration

    init(_ text: String) throws {
        let seconds = Double(text) ?? (try? GoDuration(text)).map { Double($0.nanoseconds) / 1e9 }
        guard let seconds, (0...Self.longest).contains(seconds) else {
            throw ValidationError("it is a number of seconds, or has units (250ms, 1m30s), from 0 to 86400 (a day)")
        }
        description = text
        duration = .seconds(seconds)
    }

    private init(seconds: Int64, milliseconds: Int64) {
        duration = .seconds(seconds) + .milliseconds(milliseconds)
        description = milliseconds == 0 ? "\(seconds)s" : "\(seconds * 1000 + milliseconds)ms"
    }

    static func seconds(_ count: Int64) -> Seconds { Seconds(seconds: count, milliseconds: 0) }
    static func milliseconds(_ count: Int64) -> Seconds { Seconds(seconds: 0, milliseconds: count) }
}
