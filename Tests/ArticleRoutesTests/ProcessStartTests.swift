import Glibc
import Testing

@testable import ArticleRoutes

@Suite struct ProcessStartTests {
    @Test(arguments: [
        (9 * 3600, "JST", 562_569_712, "2015-05-03 12:04:08.562569712 +0900 JST"),
        (0, "UTC", 7, "2015-05-03 12:04:08.000000007 +0000 UTC"),
        (-(3 * 3600 + 1800), "XST", 0, "2015-05-03 12:04:08.000000000 -0330 XST"),
    ])
    func isWrittenAsGoWritesIt(offset: Int, zone: String, nanoseconds: Int, expected: String) {
        zone.withCString { zone in
            var local = tm()
            (local.tm_year, local.tm_mon, local.tm_mday) = (115, 4, 3)
            (local.tm_hour, local.tm_min, local.tm_sec) = (12, 4, 8)
            (local.tm_gmtoff, local.tm_zone) = (offset, zone)
            #expect(ProcessStart(local: local, nanoseconds: nanoseconds).description == expected)
        }
    }
}
