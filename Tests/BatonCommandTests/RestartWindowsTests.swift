import Histogram
import Testing

@testable import BatonCommand

/// Gaps between good responses, with times in milliseconds from the test.
struct RestartWindowsTests {
    private func windows(_ events: (inout RestartWindows, (Int64) -> Duration) -> Void) -> RestartWindows {
        var windows = RestartWindows()
        events(&windows) { .milliseconds($0) }
        return windows
    }

    @Test func theLongestGapAtEachRestart() {
        let windows = windows { windows, at in
            for time in [0, 10, 20] { windows.good(at: at(Int64(time)), isNewConnection: true) }
            windows.begin(at: at(25))
            windows.good(at: at(28), isNewConnection: false)
            windows.good(at: at(60), isNewConnection: true)
            windows.end(at: at(61), .exited(0))
            windows.good(at: at(65), isNewConnection: true)
            windows.good(at: at(2000), isNewConnection: true)
            windows.begin(at: at(2001))
            windows.end(at: at(2002), .exited(0))
            windows.good(at: at(2005), isNewConnection: true)
            windows.good(at: at(4000), isNewConnection: true)
            windows.good(at: at(7000), isNewConnection: true)
        }
        // The gap from 65 to 2000 begins within the shadow of the first restart, that from 2005 to 4000 in that of the second.
        #expect(windows.gaps.atRestart == [.milliseconds(1935), .milliseconds(1995)])
        #expect(windows.newConnectionGaps.atRestart == [.milliseconds(1935), .milliseconds(1995)])
        #expect(windows.gaps.quiet == .milliseconds(3000))
    }

    @Test func newConnectionsAreMeasuredApart() {
        let windows = windows { windows, at in
            windows.good(at: at(0), isNewConnection: true)
            windows.begin(at: at(5))
            windows.good(at: at(10), isNewConnection: false)
            windows.good(at: at(20), isNewConnection: false)
            windows.good(at: at(30), isNewConnection: true)
        }
        #expect(windows.gaps.atRestart == [.milliseconds(10)])
        #expect(windows.newConnectionGaps.atRestart == [.milliseconds(30)])
    }

    @Test func aGapOverTwoRestartsBelongsToBoth() {
        let windows = windows { windows, at in
            windows.good(at: at(0), isNewConnection: false)
            for start in [100, 200] as [Int64] {
                windows.begin(at: at(start))
                windows.end(at: at(start + 50), .exited(0))
            }
            windows.good(at: at(300), isNewConnection: false)
        }
        #expect(windows.gaps.atRestart == [.milliseconds(300), .milliseconds(300)])
        #expect(windows.gaps.quiet == nil)
        #expect(windows.newConnectionGaps.atRestart == [nil, nil])
    }

    @Test func aGapThatIsStillOpenCounts() {
        let windows = windows { windows, at in
            windows.good(at: at(0), isNewConnection: true)
            windows.begin(at: at(10))
            windows.end(at: at(20), .exited(1))
            windows.finish(at: at(900))
            windows.good(at: at(5000), isNewConnection: true)
        }
        #expect(windows.gaps.atRestart == [.milliseconds(900)])
    }

    @Test func aroundARestart() {
        var windows = RestartWindows()
        #expect(!windows.overlapsRestart(from: .zero))
        windows.begin(at: .seconds(1))
        #expect(windows.overlapsRestart(from: .zero))
        windows.end(at: .seconds(2), .exited(0))
        #expect(windows.overlapsRestart(from: .milliseconds(2999)))
        #expect(!windows.overlapsRestart(from: .seconds(3)))
    }

    @Test func latenciesAroundRestartsAreApart() {
        var record = Record()
        record.record(.make(.keepAlive, .ok, from: 0, to: 4))
        record.windows.begin(at: .milliseconds(5))
        record.record(.make(.keepAlive, .ok, from: 4, to: 12))
        record.record(.make(.long, .ok, from: 4, to: 13))
        record.record(.make(.keepAlive, .reset, from: 4, to: 14))
        #expect(record.latency.steady.totalCount == 1)
        #expect(record.latency.steady.valueAtPercentile(50) == 4000)
        #expect(record.latency.aroundRestarts.totalCount == 1)
        #expect(record.latency.aroundRestarts.valuesAreEquivalent(record.latency.aroundRestarts.max, 8000))
    }

    @Test func processesInOrderOfTheirFirstAnswer() {
        var record = Record()
        for (pid, time) in [(9, 1), (9, 2), (3, 3), (9, 4)] as [(Int, Int64)] {
            record.record(.make(.keepAlive, .ok, to: time, pid: pid))
        }
        #expect(record.processes.inOrder.map(\.pid) == [9, 3])
        #expect(record.processes.inOrder.map(\.responses) == [3, 1])
        #expect(record.processes.inOrder.map(\.firstSeen) == [.milliseconds(1), .milliseconds(3)])
    }
}
