import Testing

@testable import BatonCommand

/// The line that a terminal shows while a probe runs.
struct ProgressTextTests {
    @Test func aSteadyLoad() {
        var text = ProgressText(.steady(.seconds(10)))
        let first = Progress(requests: 1000, failures: 0, restarts: 0)
        #expect(text.text(first, at: .milliseconds(500)) == "0.5 s of 10.0 s, 0 failed, 2,000 requests/s, 1,000 in all")
        let second = Progress(requests: 1250, failures: 2, restarts: 0, pid: 77, lastGood: .milliseconds(740))
        #expect(
            text.text(second, at: .milliseconds(750))
                == "0.8 s of 10.0 s, 2 failed, 1,000 requests/s, 1,250 in all, pid 77"
        )
    }

    @Test func theLoadIsOverAndAnswersAreAwaited() {
        var text = ProgressText(.steady(.seconds(10)))
        let progress = Progress(requests: 1000, failures: 0, restarts: 0, lastGood: .seconds(10), left: 1)
        #expect(
            text.text(progress, at: .seconds(20))
                == "20.0 s, 0 failed, waiting for 1 request under way, 50 requests/s, 1,000 in all"
        )
    }

    @Test func aRestartWithItsPause() {
        let plan = ProbePlan.RestartPlan(
            command: "true",
            count: 8,
            interval: .seconds(1),
            settle: .seconds(1),
            timeout: .seconds(1)
        )
        var text = ProgressText(.restarts(plan))
        let progress = Progress(requests: 0, failures: 0, restarts: 3, pid: 9, lastGood: .milliseconds(1650))
        #expect(
            text.text(progress, at: .seconds(2))
                == "2.0 s, restart 3 of 8, 0 failed, pause of 350 ms, 0 requests/s, 0 in all, pid 9"
        )
    }
}
