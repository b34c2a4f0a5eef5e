internal import Systemd

/// Starts the tasks of upgraded connections, with the task-local values of whoever calls ``start()``: event loops have none, and
/// `gracefulShutdown()` is one.
package final class UpgradeTasks: Sendable {
    private let starts: AsyncStream<@Sendable () -> Void>
    private let startsIn: AsyncStream<@Sendable () -> Void>.Continuation

    package init() {
        (starts, startsIn) = AsyncStream.makeStream()
    }

    /// Begins to start tasks. To be called once.
    package func start() {
        let starts = starts
        Task { for await start in starts { start() } }
    }

    /// Nothing is started any more.
    package func finish() { startsIn.finish() }

    /// What a connection may need once.
    package func makeTask() -> UpgradeTask { UpgradeTask(startsIn) }
}

/// The task of one upgraded connection, if it comes to have one. Thread-safe.
package final class UpgradeTask: Sendable {
    private enum Phase {
        case none
        case started
        case running(Task<Void, Never>)
        case ended
    }

    private struct State {
        var phase = Phase.none
        var isCancelled = false
    }

    private let state = Locked(State())
    private let end: AsyncStream<Void>
    private let endIn: AsyncStream<Void>.Continuation
    private let starts: AsyncStream<@Sendable () -> Void>.Continuation

    fileprivate init(_ starts: AsyncStream<@Sendable () -> Void>.Continuation) {
        self.starts = starts
        (end, endIn) = AsyncStream.makeStream()
    }

    /// Starts it. To be called once.
    @Sendable package func start(_ work: @escaping HTTP1Upgrade.Work) {
        state.withLock { $0.phase = .started }
        starts.yield { self.run(work) }
    }

    private func run(_ work: @escaping HTTP1Upgrade.Work) {
        state.withLock { state in
            let task = Task {
                await work()
                self.state.withLock { $0.phase = .ended }
                endIn.finish()
            }
            if state.isCancelled { task.cancel() }
            state.phase = .running(task)
        }
    }

    /// Returns when it has ended, or if there is none. Cancelling this cancels it.
    package func waitForEnd() async {
        if case .none = state.withLock({ $0.phase }) { return }
        await withTaskCancellationHandler {
            // A task of its own: cancelling ends the iteration of a stream.
            await Task { [end] in for await _ in end {} }.value
        } onCancel: {
            state.withLock { state in
                state.isCancelled = true
                if case .running(let task) = state.phase { task.cancel() }
            }
        }
    }
}
