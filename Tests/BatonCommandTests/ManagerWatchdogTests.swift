import Systemd
import Testing

@testable import BatonCommand

struct ManagerWatchdogTests {
    /// One that is not due by itself while a test runs.
    private func watchdog() -> ManagerWatchdog { ManagerWatchdog(WatchdogTimeout(.seconds(3600))) }

    @Test func eachGenerationThatTakesOverIsAPing() {
        var watchdog = watchdog()
        for _ in 0..<3 {
            watchdog.isServed()
            let asked = [watchdog.isDue(), watchdog.isDue()]
            #expect(asked == [true, false])
            #expect(watchdog.next != nil)
        }
    }

    @Test func theProgramPingsItselfFromItsFirstPingOn() {
        var watchdog = watchdog()
        watchdog.isServed()
        watchdog.heard()
        #expect(watchdog.next == nil)
        watchdog.isServed()
        let isDue = watchdog.isDue()
        #expect(isDue)
        #expect(watchdog.next == nil)
    }

    @Test func whereNoneServesNoneCanPing() {
        var watchdog = watchdog()
        watchdog.isServed()
        watchdog.heard()
        watchdog.isUnserved()
        let isDue = watchdog.isDue()
        #expect(isDue)
        #expect(watchdog.next != nil)
    }

    @Test func withoutAWatchdogThereIsNothingToPing() {
        var watchdog = ManagerWatchdog(nil)
        watchdog.isServed()
        let isDue = watchdog.isDue()
        #expect(!isDue)
        #expect(watchdog.next == nil)
    }
}
