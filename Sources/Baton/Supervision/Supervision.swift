/// How generations follow each other: what happened goes in, what is to be done comes out. It does nothing itself.
///
/// At most one generation starts at a time. The one that serves is replaced only when the next one is ready, and goes on if that
/// fails. Whoever asked for a restart hears what became of it.
package struct Supervision: Sendable {
    package typealias Instant = ContinuousClock.Instant
    /// Somebody who waits for a restart.
    package typealias Request = Int

    /// Something that happened.
    package enum Event: Sendable {
        /// The first generation is wanted.
        case begin
        /// What ``Action/spawn(generation:)`` asked for has been done; it may not be known yet whether there is such a program.
        case started(pid: CInt, isProgram: Bool = true)
        /// It is known: the process has become the program.
        case executed(pid: CInt)
        /// It could not be done, or the program could not be executed.
        case notStarted(StartFailure)
        /// A generation has told something about itself, whatever it was.
        case spoke(generation: Int)
        /// `READY=1`.
        case ready(generation: Int)
        /// `EXTEND_TIMEOUT_USEC=`: it asks for that much time from now.
        case extended(generation: Int, by: Duration)
        /// A process has ended.
        case ended(pid: CInt, ProcessEnd)
        /// A new generation is asked for: by SIGHUP, or by somebody who waits, perhaps until older ones have ended.
        case restart(Request?, untilDrained: Bool)
        /// Everything is to stop. The processes that are `released` need not be waited for: somebody else does that.
        case stop(Signal, released: Set<CInt>)
        /// The time has come, see ``Supervision/wake``.
        case woken
    }

    /// Something to do, in the order given.
    package enum Action: Sendable, Hashable {
        /// Start the program, and tell of it at once.
        case spawn(generation: Int)
        case signal(pid: CInt, Signal)
        /// For standard error, in the words of Server::Starter where it has some.
        case say(String)
        /// The next generation has begun to start: what is told about the service is not the whole truth until it has ended.
        case replacing
        /// A generation has taken over.
        case serving(generation: Int, pid: CInt)
        /// No restart is under way any more; it has failed, and the generation that was there before goes on.
        case keeping(StartFailure)
        /// Who serves, and who drains, has changed.
        case changed
        /// A request has been carried out, or not.
        case answer(Request, StartFailure?)
        /// Nothing is left; nil is a stop that was asked for.
        case exit(StartFailure?)
    }

    struct Wish {
        var requests: [Request] = []
        var drainedRequests: [Request] = []
        /// How many attempts have failed.
        var failures = 0

        mutating func add(_ request: Request?, untilDrained: Bool) {
            guard let request else { return }
            if untilDrained { drainedRequests.append(request) } else { requests.append(request) }
        }
    }

    /// What may change while it runs.
    package var policy: SupervisionPolicy
    /// The number of the newest generation.
    package internal(set) var generation: Int
    /// The generation that serves.
    package internal(set) var current: Generation?
    /// The generation that starts.
    package internal(set) var starting: Generation?
    /// Those that are to end, the oldest first.
    package internal(set) var old: [Generation] = []
    /// Whether everything is to stop.
    package internal(set) var isStopping = false
    /// Why the last restart failed, until one succeeds.
    package internal(set) var lastFailure: StartFailure?

    /// Whether one generation serves, and nothing is to be done.
    package var isAtRest: Bool { current != nil && wish == nil && old.isEmpty && !isStopping }

    /// What the start under way, or the pause before the next attempt, is for.
    var wish: Wish?
    /// When the next attempt begins.
    var retryAt: Instant?
    var waiting: [Wish] = []
    /// Those who wait for the generations up to this number to end.
    var drains: [(request: Request, upTo: Int)] = []
    var hasServed = false
    var isOver = false
    /// How often in a row a generation has ended soon after it had taken over.
    var deaths = 0
    var lastRestart: Instant?

    /// - Parameters:
    ///   - policy: How it goes.
    ///   - generation: The number of the last generation that there was.
    package init(policy: SupervisionPolicy, generation: Int = 0) {
        self.policy = policy
        self.generation = generation
    }

    /// When to tell ``Event/woken`` at the latest.
    package var wake: Instant? {
        guard !isOver else { return nil }
        var instants = old.flatMap { [$0.tellAt, $0.killAt] } + [starting?.due, starting?.killAt, retryAt]
        if !isStopping, wish == nil { instants.append(autoRestart?.at) }
        return instants.compactMap { $0 }.min()
    }

    /// - Returns: What is to be done.
    package mutating func handle(_ event: Event, at now: Instant) -> [Action] {
        guard !isOver else { return [] }
        var actions: [Action] = []
        switch event {
        case .begin: begin(Wish(), after: .zero, now, &actions)
        case .started(let pid, let isProgram): started(pid, isProgram, now, &actions)
        case .executed(let pid): executed(pid, now)
        case .notStarted(let failure): failed(failure, now, &actions)
        case .spoke(let generation): spoke(generation, now)
        case .ready(let generation):
            if starting?.number == generation, starting?.overdue == nil { promote(now, &actions) }
        case .extended(let generation, let time): extend(generation, by: time, now)
        case .ended(let pid, let end): ended(pid, end, now, &actions)
        case .restart(let request, let untilDrained): restart(request, untilDrained, now, &actions)
        case .stop(let signal, let released): stop(signal, released, now, &actions)
        case .woken: woken(now, &actions)
        }
        answerDrained(&actions)
        return actions
    }
}
