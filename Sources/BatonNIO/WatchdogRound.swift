internal import NIOCore
internal import Systemd

/// One proof that all is well: every event loop has run a task and the check has returned since it began.
final class WatchdogRound: Sendable {
    /// How it stands.
    enum Result: Sendable {
        /// These have not answered yet.
        case open(late: [String])
        case passed
        /// All have answered, and the check has thrown.
        case failed(any Error)
    }

    private struct State {
        var missingLoops: Set<Int>
        var isCheckMissing = true
        var failure: (any Error)?
    }

    private let loops: Int
    private let checkName: String
    private let changed: @Sendable () -> Void
    private let state: Locked<State>
    private let task = Locked<Task<Void, Never>?>(nil)

    private init(loops: Int, checkName: String, changed: @escaping @Sendable () -> Void) {
        self.loops = loops
        self.checkName = checkName
        self.changed = changed
        self.state = Locked(State(missingLoops: Set(0..<loops)))
    }

    /// Begins one.
    ///
    /// - Parameters:
    ///   - loops: The event loops that are to run a task.
    ///   - checkName: What the check is called in a log line.
    ///   - check: Run on the cooperative pool, ahead of what has no hurry: if all of its threads are blocked, that shows.
    ///   - changed: Called, on any thread, when all have answered.
    static func begin(
        loops: [any EventLoop],
        checkName: String,
        check: @escaping @Sendable () async throws -> Void,
        changed: @escaping @Sendable () -> Void
    ) -> WatchdogRound {
        // Nothing is started in the initializer: others must not see what is not complete.
        let round = WatchdogRound(loops: loops.count, checkName: checkName, changed: changed)
        for (index, loop) in loops.enumerated() {
            loop.execute { round.note { $0.missingLoops.remove(index) } }
        }
        let task = Task(priority: .high) {
            do {
                try await check()
                round.note { $0.isCheckMissing = false }
            } catch {
                round.note {
                    $0.isCheckMissing = false
                    $0.failure = error
                }
            }
        }
        round.task.withLock { $0 = task }
        return round
    }

    /// How it stands now.
    var result: Result {
        state.withLock { state in
            guard Self.isOpen(state) else { return state.failure.map(Result.failed) ?? .passed }
            let late = state.missingLoops.sorted().map { "event loop \($0 + 1) of \(loops)" }
            return .open(late: late + (state.isCheckMissing ? [checkName] : []))
        }
    }

    /// Nobody waits for it any more.
    func cancel() {
        task.withLock { $0?.cancel() }
    }

    private func note(_ change: (inout State) -> Void) {
        let isOpen = state.withLock { state in
            change(&state)
            return Self.isOpen(state)
        }
        if !isOpen { changed() }
    }

    private static func isOpen(_ state: State) -> Bool { state.isCheckMissing || !state.missingLoops.isEmpty }
}
