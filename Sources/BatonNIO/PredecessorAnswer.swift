package import Baton
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Waits, on a thread of its own, for what the predecessor says to a successor that is ready.
package final class PredecessorAnswer: Sendable {
    private let predecessor: Predecessor
    private let waker: Waker
    private let isAbandoned = Atomic(false)

    /// - Throws: The `Errno` of `eventfd(2)` if the process is out of descriptors.
    package init(of predecessor: Predecessor) throws {
        self.predecessor = predecessor
        self.waker = try Waker()
    }

    /// The service stops: nothing is waited for any more. Thread-safe.
    package func abandon() {
        isAbandoned.store(true, ordering: .releasing)
        waker.wake()
    }

    /// Says that this process is ready, and waits for the answer, as long as it takes: the predecessor has its own limit, and its
    /// end is an answer, too. To be called once.
    ///
    /// - Returns: The answer; `Predecessor.Answer.nothing` when the service stops.
    /// - Throws: The `Errno` of `pthread_create(3)`.
    package func next() async throws -> Predecessor.Answer {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try DetachedThread.start(named: "predecessor") { [self] in
                    continuation.resume(returning: wait())
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    private func wait() -> Predecessor.Answer {
        predecessor.tellReady()
        while !isAbandoned.load(ordering: .acquiring) {
            let answer = predecessor.answer()
            guard answer == .nothing else { return answer }
            var polled = predecessor.withDescriptor { [pollfd(fd: $0, events: Int16(POLLIN), revents: 0)] }
            waker.sleep(polling: &polled)
        }
        return .nothing
    }
}
