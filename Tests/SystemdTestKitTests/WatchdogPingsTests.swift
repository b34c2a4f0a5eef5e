import Testing

@testable import SystemdTestKit

struct WatchdogPingsTests {
    @Test func theLongestGapMayBeAnywhere() {
        func gap(_ times: Int...) -> Duration {
            WatchdogPings(duration: .seconds(10), times: times.map { .seconds($0) }).longestGap
        }
        #expect(gap() == .seconds(10))
        #expect(gap(7, 8) == .seconds(7))
        #expect(gap(1, 4, 9) == .seconds(5))
        #expect(gap(1, 2) == .seconds(8))
    }
}
