import ArgumentParser

/// How long a drain may take: a number of seconds, or a number with a unit (`45s`, `2m`).
struct DrainLimit: CustomStringConvertible {
    static let normal = DrainLimit(duration: .seconds(45), description: "45s")

    let duration: Duration
    let description: String

    init(_ text: String) throws {
        let nanoseconds = GoDuration.nanoseconds(text) ?? GoDuration.nanoseconds(text + "s")
        guard let nanoseconds, (1_000_000_000...86_400_000_000_000).contains(nanoseconds) else {
            throw ValidationError("it is a whole number of seconds, or has a unit (45s, 2m), from 1 to 86400 (a day)")
        }
        self.init(duration: .nanoseconds(nanoseconds), description: text)
    }

    private init(duration: Duration, description: String) {
        self.duration = duration
        self.description = description
    }
}
