/// How many requests were begun, and how each of them ended, by mode.
struct Tally: Sendable {
    struct Count: Equatable, Sendable {
        var issued = 0
        var outcomes: [OutcomeKind: Int] = [:]
        var cleanCloses: [CleanClose: Int] = [:]
        var serverCloses: [ServerClose: Int] = [:]

        subscript(kind: OutcomeKind) -> Int { outcomes[kind, default: 0] }
        subscript(close: CleanClose) -> Int { cleanCloses[close, default: 0] }

        /// Connections that the server ended, of its own accord.
        var closed: Int { serverCloses.values.reduce(0, +) }
        var recorded: Int { outcomes.values.reduce(0, +) }
        var failures: Int { outcomes.reduce(0) { $0 + ($1.key.isFailure ? $1.value : 0) } }

        static func += (sum: inout Count, other: Count) {
            sum.issued += other.issued
            sum.outcomes.merge(other.outcomes, uniquingKeysWith: +)
            sum.cleanCloses.merge(other.cleanCloses, uniquingKeysWith: +)
            sum.serverCloses.merge(other.serverCloses, uniquingKeysWith: +)
        }
    }

    private(set) var byMode: [ProbeMode: Count] = [:]

    subscript(mode: ProbeMode) -> Count { byMode[mode, default: Count()] }

    var total: Count { byMode.values.reduce(into: Count()) { $0 += $1 } }

    /// Every request that was begun ended exactly once, in every mode.
    var addsUp: Bool { byMode.values.allSatisfy { $0.issued == $0.recorded } }

    mutating func issue(_ mode: ProbeMode, _ count: Int = 1) { byMode[mode, default: Count()].issued += count }

    mutating func record(_ outcome: Outcome) {
        byMode[outcome.mode, default: Count()].outcomes[outcome.kind, default: 0] += 1
    }

    mutating func close(_ close: ServerClose, _ mode: ProbeMode) {
        byMode[mode, default: Count()].serverCloses[close, default: 0] += 1
    }

    mutating func note(_ close: CleanClose, _ mode: ProbeMode) {
        byMode[mode, default: Count()].cleanCloses[close, default: 0] += 1
    }
}
