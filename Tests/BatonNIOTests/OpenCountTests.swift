import Testing

@testable import BatonNIO

@Suite(.timeLimit(.minutes(1))) struct OpenCountTests {
    @Test func knowsSinceWhenNoneIsOpen() {
        let count = OpenCount()
        count.opened(2)
        #expect(count.open == 2 && count.noneSince == nil)
        let (first, before) = (count.closed(), ContinuousClock.now)
        #expect(!first)
        #expect(count.closed())
        #expect(count.open == 0)
        #expect(count.noneSince.map { $0 >= before - .microseconds(1) && $0 <= .now } == true)
        count.opened(3)
        #expect(count.open == 3 && count.noneSince == nil)
    }

    @Test func aCancelledTaskDoesNotWait() async {
        let count = OpenCount()
        count.opened(1)
        let task = Task { await count.waitUntilNone(for: .zero) }
        task.cancel()
        #expect(await task.value == false)
    }

    /// From several threads at once: whoever closes the last one is told so, and the waiting task hears of it.
    @Test func countsFromManyThreads() async {
        let count = OpenCount()
        for _ in 0..<200 {
            count.opened(1)
            async let waited = count.waitUntilNone(for: .zero)
            let tooEarly = await withTaskGroup { group in
                for _ in 0..<4 {
                    group.addTask {
                        (0..<200).count { turn in
                            if turn % 2 == 0 { count.opened(2) }
                            return count.closed()
                        }
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(tooEarly == 0)
            #expect(count.open == 1)
            #expect(count.closed())
            #expect(await waited)
        }
    }
}
