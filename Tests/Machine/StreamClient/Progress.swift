import Synchronization

/// What all clients have seen. Thread-safe.
final class Progress: Sendable {
    private struct State {
        var failures: [String: Int] = [:]
        var served: [Int: Int] = [:]
        var messages = 0
        var closed = 0
        var isOver = false
    }

    let clients: Int
    private let state = Mutex(State())

    init(clients: Int) {
        self.clients = clients
    }

    /// No client is to connect again.
    var isOver: Bool { state.withLock { $0.isOver } }
    func end() { state.withLock { $0.isOver = true } }

    /// What was not as it should be, and how often.
    var failures: [String: Int] { state.withLock { $0.failures } }
    func failed(_ what: String) { state.withLock { $0.failures[what, default: 0] += 1 } }

    /// How many clients have been served by that many processes before this one.
    func served(inGeneration generation: Int) -> Int { state.withLock { $0.served[generation] ?? 0 } }

    /// A client's connection number `generation`, from 0, serves.
    func serves(_ generation: Int) { state.withLock { $0.served[generation, default: 0] += 1 } }

    /// Right messages or events.
    var messages: Int { state.withLock { $0.messages } }
    func received(_ count: Int = 1) { state.withLock { $0.messages += count } }

    /// Connections that the server has ended as it should.
    var closed: Int { state.withLock { $0.closed } }
    func wasClosed() { state.withLock { $0.closed += 1 } }
}

/// The outcome, as one line of words.
struct Report: CustomStringConvertible, Sendable {
    let isGood: Bool
    let description: String

    init(_ plan: Plan, _ progress: Progress) {
        let failures = progress.failures
        let expected = plan.clients * plan.restarts
        isGood = failures.isEmpty && progress.closed == expected
        let failed = failures.sorted { $0.key < $1.key }.map { "\n  \($0.value) times: \($0.key)" }.joined()
        description =
            "clients=\(plan.clients) restarts=\(plan.restarts) closed=\(progress.closed) of \(expected) "
            + "messages=\(progress.messages) failures=\(failures.values.reduce(0, +))\(failed)"
    }
}
