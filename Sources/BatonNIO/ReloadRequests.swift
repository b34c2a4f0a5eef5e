package import Baton
internal import Systemd

/// Collects requests to reload, so that one reload at a time runs and each request is answered by one that began after it.
package final class ReloadRequests: Sendable {
    private struct State {
        var waiting: [CheckedContinuation<ControlProtocol.Answer, Never>] = []
        var isClosed = false
    }

    private let state = Locked(State())
    private let wakeUps: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation

    /// Nothing is asked for yet.
    package init() {
        (wakeUps, wakeUp) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// How many wait for an answer from a reload that has not begun.
    package var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Asks for a reload that nobody waits for.
    package func ask() {
        wakeUp.yield()
    }

    /// Asks for a reload and waits for its end.
    package func askAndWait() async -> ControlProtocol.Answer {
        await withCheckedContinuation { continuation in
            let isClosed = state.withLock { state in
                if !state.isClosed { state.waiting.append(continuation) }
                return state.isClosed
            }
            if isClosed {
                continuation.resume(returning: Self.stopping)
            } else {
                wakeUp.yield()
            }
        }
    }

    /// Reloads as often as it is asked for, until ``close()``. Cancelling the task ends it, too.
    package func serve(_ reload: () async -> ControlProtocol.Answer) async {
        for await _ in wakeUps {
            let waiting = state.withLock { state in
                defer { state.waiting = [] }
                return state.waiting
            }
            let answer = await reload()
            for continuation in waiting { continuation.resume(returning: answer) }
        }
        close()
    }

    /// Refuses what is asked from now on.
    package func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [] }
            return state.waiting
        }
        wakeUp.finish()
        for continuation in waiting { continuation.resume(returning: Self.stopping) }
    }

    private static let stopping = ControlProtocol.Answer.failed("the service stops")
}
