/// How a generation ends: what happened goes in, what is to be done comes out. It does nothing itself.
///
/// Connections are counted from the moment they are accepted, so the count is complete as soon as accepting has ended.
package struct Drain<C: Clock> where C.Duration == Duration {
    /// Something that happened.
    package enum Event: Sendable, Hashable {
        /// The process was told to stop. It may be told again.
        case stopRequested
        /// The server is to end at once.
        case cancelled
        /// No connection will be accepted any more; the duplicates of the listen sockets are closed.
        case acceptingEnded
        /// The last open connection has closed.
        case lastConnectionClosed
        /// The instant of ``Drain/deadline`` has come.
        case deadlineReached
    }

    /// Something to do, in the order given.
    package enum Action: Sendable, Hashable {
        /// Leave new connections to the backlog, where the next generation finds them, and close our duplicates of the
        /// listen sockets.
        case stopAccepting
        /// Ask for ``Event/deadlineReached`` at ``Drain/deadline``, which has changed.
        case scheduleDeadline
        /// Tell every connection that it is to end after what it has begun.
        case announce
        /// Close every connection that is left, and report each.
        case cut
        /// The generation is over.
        case finish(Outcome)
    }

    /// How it ended.
    package enum Outcome: Sendable, Hashable {
        /// Every connection had its answers.
        case drained
        /// Connections have been cut.
        case cut
        /// As ``cut``, and even then a connection or its handler has not ended.
        case abandoned
    }

    private enum Phase: Hashable {
        case serving
        case endingAccept(thenCut: Bool)
        case draining
        case cutting
        case over
    }

    /// How long the handlers of connections that were cut have to notice it.
    private static var lastGrace: Duration { .milliseconds(250) }

    private var phase = Phase.serving
    private let timeout: Duration
    private let clock: C
    /// When the drain, or the grace after its cut, ends; nil while serving.
    package private(set) var deadline: C.Instant?

    package init(timeout: Duration, clock: C) {
        self.timeout = timeout
        self.clock = clock
    }

    /// Takes an event in.
    ///
    /// - Parameters:
    ///   - event: What happened.
    ///   - openConnections: How many connections are open now.
    /// - Returns: What is to be done.
    package mutating func handle(_ event: Event, openConnections: Int) -> [Action] {
        switch (phase, event) {
        case (.serving, .stopRequested):
            phase = .endingAccept(thenCut: false)
            return [.stopAccepting, schedule(after: timeout)]
        case (.serving, .cancelled):
            phase = .endingAccept(thenCut: true)
            return [.stopAccepting, schedule(after: Self.lastGrace)]
        case (.endingAccept(thenCut: false), .cancelled), (.endingAccept(thenCut: false), .deadlineReached):
            phase = .endingAccept(thenCut: true)
            return [schedule(after: Self.lastGrace)]
        case (.endingAccept(thenCut: true), .deadlineReached):
            return [.cut] + finish(.abandoned)
        case (.endingAccept, .acceptingEnded) where openConnections == 0:
            return finish(.drained)
        case (.endingAccept(thenCut: false), .acceptingEnded):
            phase = .draining
            return [.announce]
        case (.endingAccept(thenCut: true), .acceptingEnded), (.draining, .cancelled), (.draining, .deadlineReached):
            phase = .cutting
            return [.cut, schedule(after: Self.lastGrace)]
        case (.draining, .lastConnectionClosed) where openConnections == 0:
            return finish(.drained)
        case (.cutting, .lastConnectionClosed) where openConnections == 0:
            return finish(.cut)
        case (.cutting, .deadlineReached):
            return finish(.abandoned)
        default:
            return []
        }
    }

    private mutating func schedule(after duration: Duration) -> Action {
        deadline = clock.now.advanced(by: duration)
        return .scheduleDeadline
    }

    private mutating func finish(_ outcome: Outcome) -> [Action] {
        phase = .over
        return [.finish(outcome)]
    }
}
