import Testing

@testable import BatonCommand

/// When the requests of an open loop are due, without a clock.
struct ArrivalScheduleTests {
    private func schedule(perSecond: Double) -> ArrivalSchedule {
        var schedule = ArrivalSchedule(perSecond: perSecond)
        schedule.begin(at: .seconds(1))
        return schedule
    }

    @Test func nothingIsDueBeforeTheBegin() {
        var schedule = ArrivalSchedule(perSecond: 10)
        #expect(schedule.next == nil)
        #expect(schedule.arrive(at: .seconds(9)).isEmpty)
        #expect(schedule.take() == nil)
    }

    @Test func whatIsDueWaitsInOrder() {
        var schedule = schedule(perSecond: 10)
        #expect(schedule.next == .seconds(1))
        #expect(schedule.arrive(at: .milliseconds(999)).isEmpty)
        #expect(schedule.arrive(at: .milliseconds(1250)) == [250, 150, 50].map { .milliseconds($0) })
        #expect(schedule.waiting == 3)
        #expect(schedule.next == .milliseconds(1300))
        #expect(schedule.take() == .milliseconds(1000))
        #expect(schedule.take() == .milliseconds(1100))
        #expect(schedule.take() == .milliseconds(1200))
        #expect(schedule.take() == nil)
    }

    @Test func theEndLeavesWhatIsDue() {
        var schedule = schedule(perSecond: 10)
        #expect(schedule.arrive(at: .seconds(1)).count == 1)
        schedule.end()
        #expect(schedule.next == nil)
        #expect(schedule.arrive(at: .seconds(9)).isEmpty)
        #expect(schedule.take() == .seconds(1))
    }

    @Test(arguments: [3.0, 7, 1000, 30_000]) func noRoundingAddsUp(rate: Double) {
        var schedule = schedule(perSecond: rate)
        #expect(schedule.arrive(at: .seconds(3) - .nanoseconds(1)).count == Int(rate) * 2)
        #expect(schedule.next == .seconds(3))
    }
}
