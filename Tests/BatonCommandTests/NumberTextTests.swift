import Testing

@testable import BatonCommand

struct NumberTextTests {
    @Test(arguments: [
        (0, "0"), (999, "999"), (1000, "1,000"), (52344, "52,344"), (1_234_567, "1,234,567"), (-1000, "-1,000"),
    ])
    func counts(number: Int, text: String) { #expect(NumberText.count(number) == text) }

    @Test func nouns() {
        #expect(NumberText.count(1, "restart") == "1 restart")
        #expect(NumberText.count(20, "restart") == "20 restarts")
        #expect(NumberText.count(0, "request") == "0 requests")
    }

    @Test func times() {
        #expect(NumberText.milliseconds(0.04) == "0.0 ms")
        #expect(NumberText.milliseconds(9.96) == "10.0 ms")
        #expect(NumberText.milliseconds(31.4) == "31 ms")
        #expect(NumberText.milliseconds(1200) == "1,200 ms")
        #expect(NumberText.milliseconds(microseconds: 1226) == "1.23 ms")
        #expect(NumberText.milliseconds(microseconds: 1006) == "1.01 ms")
        #expect(NumberText.seconds(3.0265) == "3.0 s")
        #expect(NumberText.seconds(1, places: 0) == "1 s")
        #expect(NumberText.seconds(0.0105, places: 3) == "0.011 s")
    }

    @Test func tablesAreAligned() {
        var table = TextTable(["name", "number"])
        table.add(["a", "1,000"])
        table.add(["longer", ""])
        #expect(table.lines == ["name    number", "a        1,000", "longer"])
    }
}
