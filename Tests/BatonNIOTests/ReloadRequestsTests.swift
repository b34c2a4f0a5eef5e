import Baton
import Synchronization
import Testing

@testable import BatonNIO

@Suite struct ReloadRequestsTests {
    @Test(.timeLimit(.minutes(1)))
    func whoWaitsIsAnsweredByAReloadThatBeganAfterwards() async {
        let requests = ReloadRequests()
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        let count = Mutex(0)
        let serving = Task {
            var releases = released.makeAsyncIterator()
            await requests.serve {
                let number = count.withLock {
                    $0 += 1; return $0
                }
                begin.yield()
                await releases.next()
                return .failed("\(number)")
            }
        }
        var starts = begun.makeAsyncIterator()
        requests.ask()
        await starts.next()
        // During the first reload: these two are answered by the second.
        let two = [Task { await requests.askAndWait() }, Task { await requests.askAndWait() }]
        while requests.waitingCount < 2 { await Task.yield() }
        release.yield()
        await starts.next()
        release.yield()
        for task in two { #expect(await task.value == .failed("2")) }
        requests.close()
        #expect(await requests.askAndWait() == .failed("the service stops"))
        await serving.value
        #expect(count.withLock { $0 } == 2)
    }

    @Test(.timeLimit(.minutes(1)))
    func whoStillWaitsWhenItEndsIsAnswered() async {
        let requests = ReloadRequests()
        let waiting = Task { await requests.askAndWait() }
        while requests.waitingCount < 1 { await Task.yield() }
        requests.close()
        #expect(await waiting.value == .failed("the service stops"))
    }
}
