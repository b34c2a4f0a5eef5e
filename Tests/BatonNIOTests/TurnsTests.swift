import Synchronization
import Testing

@testable import BatonNIO

@Suite(.timeLimit(.minutes(1))) struct TurnsTests {
    private final class Counts: Sendable {
        let all = Mutex((inside: 0, most: 0, total: 0))

        func enter() {
            all.withLock { counts in
                counts.inside += 1
                counts.most = max(counts.most, counts.inside)
                counts.total += 1
            }
        }

        func leave() { all.withLock { $0.inside -= 1 } }
    }

    @Test func oneAtATime() async {
        let turns = Turns()
        let counts = Counts()
        await withTaskGroup { tasks in
            for _ in 0..<100 {
                tasks.addTask {
                    await turns.take {
                        counts.enter()
                        await Task.yield()
                        counts.leave()
                    }
                }
            }
        }
        #expect(counts.all.withLock { $0.most } == 1)
        #expect(counts.all.withLock { $0.total } == 100)
    }

    @Test func afterAnErrorItIsTheNextOnesTurn() async {
        struct Broken: Error {}
        let turns = Turns()
        await #expect(throws: Broken.self) { try await turns.take { throw Broken() } }
        let result = await turns.take { 1 }
        #expect(result == 1)
    }
}
