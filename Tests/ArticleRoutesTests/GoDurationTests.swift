import Testing

@testable import ArticleRoutes

@Suite struct GoDurationTests {
    @Test(arguments: [
        ("0", 0), ("-0", 0), ("+0", 0), ("0s", 0), ("5s", 5_000_000_000), ("30s", 30_000_000_000),
        ("+5s", 5_000_000_000), ("-5s", -5_000_000_000), ("1h2m3.5s", 3_723_500_000_000), ("300ms", 300_000_000),
        ("1.5us", 1500), ("2\u{B5}s", 2000), ("2\u{3BC}s", 2000), ("7ns", 7), ("5.s", 5_000_000_000),
        (".5s", 500_000_000), ("1.004s", 1_004_000_000), ("1.0040s", 1_004_000_000), ("100.00100s", 100_001_000_000),
        ("-1.5h", -5_400_000_000_000), ("1m1m", 120_000_000_000), ("0.3333333333333333333h", 1_200_000_000_000),
        ("0.100000000000000000000h", 360_000_000_000), ("9223372036854775807ns", Int64.max),
        ("9223372036854775.807us", Int64.max), ("-9223372036854775808ns", Int64.min),
        ("-9223372036854775.808us", Int64.min), ("52763797000ns", 52_763_797_000),
    ])
    func parses(text: String, nanoseconds: Int64) throws {
        #expect(try GoDuration(text).nanoseconds == nanoseconds)
    }

    @Test(arguments: [
        ("", #"time: invalid duration """#),
        ("abc", #"time: invalid duration "abc""#),
        ("20", #"time: missing unit in duration "20""#),
        ("2x", #"time: unknown unit "x" in duration "2x""#),
        ("1s2", #"time: missing unit in duration "1s2""#),
        ("1.5", #"time: missing unit in duration "1.5""#),
        (".", #"time: invalid duration ".""#),
        ("-.", #"time: invalid duration "-.""#),
        (".s", #"time: invalid duration ".s""#),
        ("+.s", #"time: invalid duration "+.s""#),
        ("-", #"time: invalid duration "-""#),
        ("--1s", #"time: invalid duration "--1s""#),
        ("1d", #"time: unknown unit "d" in duration "1d""#),
        ("3000000h", #"time: invalid duration "3000000h""#),
        ("9223372036854775808ns", #"time: invalid duration "9223372036854775808ns""#),
        ("-9223372036854775809ns", #"time: invalid duration "-9223372036854775809ns""#),
        ("99999999999999999999s", #"time: invalid duration "99999999999999999999s""#),
        ("9223372036854775807ns1ns", #"time: invalid duration "9223372036854775807ns1ns""#),
        (
            "9223372036854775808ns9223372036854775808ns",
            #"time: invalid duration "9223372036854775808ns9223372036854775808ns""#
        ),
        ("1\u{E9}s", #"time: unknown unit "\xc3\xa9s" in duration "1\xc3\xa9s""#),
        ("a\"b\\c\n", #"time: invalid duration "a\"b\\c\x0a""#),
    ])
    func refusesInGosWords(text: String, message: String) {
        #expect(throws: GoDuration.ParseError(description: message)) { try GoDuration(text) }
    }
}
