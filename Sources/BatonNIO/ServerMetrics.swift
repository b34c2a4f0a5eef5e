internal import CoreMetrics
internal import NIOCore

/// What a server counts and measures, for whatever the program has swift-metrics send it to; for nothing if it has not.
///
/// | label | kind | of what |
/// |---|---|---|
/// | `baton.generations` | counter | one for each process that has begun to accept |
/// | `baton.pause` | timer | how long connections had waited that were accepted first, the longest of them: TCP on Linux only |
/// | `baton.connections.accepted` | counter | connections from listen sockets |
/// | `baton.connections.taken_over` | counter | connections of an earlier generation |
/// | `baton.connections.handed_over` | counter | connections given to the next one |
/// | `baton.connections.cut` | counter | connections that were left at a drain's deadline |
/// | `baton.drains` | counter | drains, with the dimension `outcome`: `drained` or `cut` |
/// | `baton.drain.duration` | timer | how long a drain took |
///
/// A process counts from nothing when it starts. Thread-safe.
struct ServerMetrics: Sendable {
    let generations: Counter
    let accepted: Counter
    let takenOver: Counter
    let handedOver: Counter
    let cut: Counter
    private let outcomes: [DrainOutcome: Counter]
    private let drainDuration: Timer
    private let pause: Timer

    /// - Parameter factory: What makes the counters; that of the whole program unless a test has its own.
    init(factory: any MetricsFactory = MetricsSystem.factory) {
        generations = Counter(label: "baton.generations", dimensions: [], factory: factory)
        accepted = Counter(label: "baton.connections.accepted", dimensions: [], factory: factory)
        takenOver = Counter(label: "baton.connections.taken_over", dimensions: [], factory: factory)
        handedOver = Counter(label: "baton.connections.handed_over", dimensions: [], factory: factory)
        cut = Counter(label: "baton.connections.cut", dimensions: [], factory: factory)
        outcomes = Dictionary(
            uniqueKeysWithValues: [(DrainOutcome.drained, "drained"), (.cut, "cut")].map { outcome, name in
                (outcome, Counter(label: "baton.drains", dimensions: [("outcome", name)], factory: factory))
            }
        )
        drainDuration = Timer(label: "baton.drain.duration", dimensions: [], factory: factory)
        pause = Timer(label: "baton.pause", dimensions: [], factory: factory)
    }

    /// A connection has waited so long for the start, and none longer.
    func waited(_ time: Duration) { pause.recordNanoseconds(TimeAmount(time).nanoseconds) }

    /// A drain has ended.
    func drained(_ outcome: DrainOutcome, in time: Duration) {
        outcomes[outcome]?.increment()
        drainDuration.recordNanoseconds(TimeAmount(time).nanoseconds)
    }
}
