import Testing

@testable import BatonCommand

struct ExpectedBodyTests {
    @Test(arguments: [
        ("/", ExpectedBody.pid), ("/anything", .pid), ("/bytes/1000000", .length(1_000_000)), ("/bytes/x", .pid),
        ("/sleep/?duration=20s", .sleep(nanoseconds: 20_000_000_000)),
        ("/sleep/?a=b&duration=1ms", .sleep(nanoseconds: 1_000_000)),
        ("/sleep/", .sleep(nanoseconds: nil)), ("/sleep/?duration=1h2m", .sleep(nanoseconds: nil)),
        ("/health", .anything),
    ])
    func isSeenFromThePath(path: String, expected: ExpectedBody) { #expect(ExpectedBody(path: path) == expected) }

    @Test(arguments: [
        ("pid 7", Int?.some(7)), ("a pid 12 and pid 13", 12), ("pid x, pid 8\n", 8), ("", nil), ("pid ", nil),
        ("7 pid", nil),
        ("pid 99999999999999999999", nil),
    ])
    func pids(text: String, pid: Int?) { #expect(ExpectedBody.pid(in: text) == pid) }

    @Test(arguments: [
        "started at T slept for 5 nanoseconds from pid 7.", "started at T slept for 5 nanoseconds from pid .\n",
        "started at T slept for 6 nanoseconds from pid 7.\n", "slept for 5 nanoseconds from pid 7.\n", "", "pid 7",
        "started at T slept for x nanoseconds from pid 7.\n",
    ])
    func wrongSleepSentences(text: String) {
        #expect(ExpectedBody.sleep(nanoseconds: 5).objection(to: text, count: text.utf8.count) != nil)
    }

    @Test func rightSleepSentence() {
        let text = "started at 2015-05-03 12:04:08.562569712 +0900 JST slept for 5 nanoseconds from pid 7.\n"
        #expect(ExpectedBody.sleep(nanoseconds: 5).objection(to: text, count: 0) == nil)
        #expect(ExpectedBody.sleep(nanoseconds: nil).objection(to: text, count: 0) == nil)
    }

    @Test(arguments: [
        ("2s", Int64?.some(2_000_000_000)), ("300ms", 300_000_000), ("7us", 7000), ("7µs", 7000), ("1ns", 1),
        ("1m", 60_000_000_000),
        ("20", nil), ("s", nil), ("1.5s", nil), ("-1s", nil), ("99999999999h", nil), ("", nil),
    ])
    func goDurations(text: String, nanoseconds: Int64?) { #expect(GoDuration.nanoseconds(text) == nanoseconds) }

    @Test(arguments: [(2_000_000_000, "2s"), (1_500_000_000, "1500ms"), (1, "1ns"), (0, "0s")] as [(Int64, String)])
    func goDurationTexts(nanoseconds: Int64, text: String) {
        #expect(GoDuration.text(.nanoseconds(nanoseconds)) == text)
        #expect(GoDuration.nanoseconds(text) == nanoseconds)
    }
}
