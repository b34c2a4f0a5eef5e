#if GRPC
import Synchronization

/// How the calls ended. Thread-safe.
final class Ledger: Sendable {
    struct Counts {
        /// Answered, to the last message and the status.
        var answered: [String: Int] = [:]
        /// Not begun by a server, so that a client can make them again: never sent because a GOAWAY came first, above the last stream
        /// of a GOAWAY, or REFUSED_STREAM.
        var refused = 0
        /// Those of them whose headers came after a GOAWAY, for each of which the client would have closed its connection.
        var late = 0
        /// Failed otherwise, or answered wrongly.
        var lost = 0
        /// GOAWAYs that refuse nothing yet.
        var firstGoAways = 0
        /// GOAWAYs that do.
        var lastGoAways = 0
        /// Connections that were opened.
        var connections = 0
        /// The processes that have answered.
        var servers: Set<Substring> = []
        /// The last call that was begun before the last command had ended.
        var lastBefore = 0
        /// The clients that have been answered a later one.
        var served: Set<ObjectIdentifier> = []
        /// What was lost, in words; the first of them.
        var reasons: [String] = []
    }

    private let counts = Mutex(Counts())
    private let isStopping = Atomic(false)
    private let lastCall = Atomic(0)

    var now: Counts { counts.withLock { $0 } }
    /// Whether no further call is to begin.
    var isOver: Bool { isStopping.load(ordering: .sequentiallyConsistent) }

    func nextCall() -> Int { lastCall.add(1, ordering: .relaxed).newValue }

    func count(_ change: (inout Counts) -> Void) {
        counts.withLock { change(&$0) }
    }

    func lost(_ reason: String) {
        counts.withLock { counts in
            counts.lost += 1
            if counts.reasons.count < 20 { counts.reasons.append(reason) }
        }
    }

    /// A command has ended: what is called from now on is for the process that it has started.
    func beginRound() {
        let last = lastCall.load(ordering: .relaxed)
        counts.withLock { counts in
            counts.lastBefore = last
            counts.served = []
        }
    }

    func stop() {
        isStopping.store(true, ordering: .sequentiallyConsistent)
    }
}
#endif
