import Testing

@testable import BatonCommand

/// How the dots of a page are thinned.
struct RequestPlotTests {
    private func ok(at time: Duration, took latency: Duration) -> Outcome {
        Outcome(
            mode: .keepAlive,
            kind: .ok,
            detail: "",
            issuedAt: time,
            endedAt: time + latency,
            paused: .zero,
            pid: nil
        )
    }

    @Test func aDotIsWhereItsRequestIs() {
        var plot = RequestPlot()
        plot.add(ok(at: .milliseconds(100), took: .milliseconds(1)), generation: 7)
        plot.add(ok(at: .milliseconds(200), took: .milliseconds(100)), generation: nil)
        let decade = RequestPlot.rowsPerDecade * 16
        #expect(
            plot.dots == [
                RequestPlot.Dot(x: 1600, y: 2 * decade, count: 1, colour: 1),
                RequestPlot.Dot(x: 3200, y: 4 * decade, count: 1, colour: RequestPlot.colours),
            ]
        )
    }

    @Test func whatLiesOnEachOtherIsCounted() {
        var plot = RequestPlot()
        for _ in 0..<1000 { plot.add(ok(at: .milliseconds(5), took: .milliseconds(1)), generation: 0) }
        plot.add(ok(at: .milliseconds(5), took: .milliseconds(1)), generation: 1)
        #expect(plot.dots.map(\.count) == [1000, 1])
    }

    @Test func aLongRunHasWiderColumns() {
        var plot = RequestPlot()
        for second in 0..<6000 as Range<Int64> {
            plot.add(ok(at: .seconds(second), took: .milliseconds(3)), generation: 0)
        }
        #expect(plot.columnWidth > .seconds(4))
        #expect(plot.dots.count == Int(5999 / plot.columnWidth.inSeconds) + 1)
        #expect(plot.dots.reduce(0) { $0 + $1.count } == 6000)
        let tick = plot.columnWidth.inSeconds / 16
        #expect(abs(Double(plot.dots.last?.x ?? 0) * tick - 5999) < plot.columnWidth.inSeconds)
    }

    @Test func failuresAreKeptUpToABound() {
        var plot = RequestPlot()
        for _ in 0..<RequestPlot.failureLimit + 5 { plot.add(.make(.keepAlive, .reset), generation: nil) }
        plot.add(.make(.keepAlive, .abandoned), generation: nil)
        #expect(plot.failures.count == RequestPlot.failureLimit)
        #expect(plot.failuresLeftOut == 5)
        #expect(plot.dots.isEmpty)
        #expect(plot.requests == RequestPlot.failureLimit + 5)
    }

    @Test func latenciesBeyondTheScaleAreAtItsEnds() {
        #expect(RequestPlot.height(microseconds: 0) == 0)
        #expect(RequestPlot.height(microseconds: 10) == 0)
        #expect(RequestPlot.height(microseconds: 1e20) == RequestPlot.decades * RequestPlot.rowsPerDecade * 16 - 1)
    }
}
