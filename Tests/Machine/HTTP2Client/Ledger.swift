import Synchronization

/// How the requests ended. Thread-safe.
final class Ledger: Sendable {
    struct Counts {
        /// Answered with 200, to the last byte.
        var answered = 0
        /// Refused in a way that lets a client send them again: above the last stream of a GOAWAY, or REFUSED_STREAM.
        var refused = 0
        /// Reset, or without a whole answer when the connection ended.
        var lost = 0
        /// GOAWAYs that refuse nothing yet.
        var firstGoAways = 0
        /// GOAWAYs that do.
        var lastGoAways = 0
        /// Connections that were opened.
        var connections = 0
        /// How many commands have ended.
        var round = 0
        /// Connections on which a request has been answered that was sent in this round.
        var served = 0
        /// What was lost, in words; the first of them.
        var reasons: [String] = []
    }

    private let counts = Mutex(Counts())
    private let isStopping = Atomic(false)

    var now: Counts { counts.withLock { $0 } }
    /// Whether no further request is to begin.
    var isOver: Bool { isStopping.load(ordering: .sequentiallyConsistent) }

    func count(_ change: (inout Counts) -> Void) {
        counts.withLock { change(&$0) }
    }

    func lost(_ number: Int, _ reason: String) {
        guard number > 0 else { return }
        counts.withLock { counts in
            counts.lost += number
            if counts.reasons.count < 20 { counts.reasons.append(reason) }
        }
    }

    /// A command has ended: what is sent from now on is for the process that it has started.
    func beginRound() {
        counts.withLock { counts in
            counts.round += 1
            counts.served = 0
        }
    }

    func stop() {
        isStopping.store(true, ordering: .sequentiallyConsistent)
    }
}
