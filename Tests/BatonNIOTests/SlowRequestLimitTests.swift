import NIOCore
import Testing

@testable import BatonNIO

/// How long a drain waits for a request, however large it is.
@Suite struct SlowRequestLimitTests {
    @Test(arguments: [(0, 5_000), (500, 6_000), (1_000_000, 2_005_000)])
    func eachByteGivesTime(bytes: Int, milliseconds: Int64) {
        var limit = SlowRequestLimit(grace: .seconds(5))
        let begin = NIODeadline.uptimeNanoseconds(1)
        _ = limit.begin(now: begin)
        limit.received(bytes: bytes)
        #expect(limit.due == begin + .milliseconds(milliseconds))
    }

    @Test(arguments: [10_000_000_000, 1 << 50, Int.max]) func noneIsTooMany(bytes: Int) throws {
        var limit = SlowRequestLimit(grace: .seconds(60))
        let begin = NIODeadline.now()
        _ = limit.begin(now: begin)
        limit.received(bytes: bytes)
        #expect(try #require(limit.due) > begin + .hours(24))
    }
}
