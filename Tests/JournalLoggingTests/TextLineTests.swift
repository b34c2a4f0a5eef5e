import Logging
import Testing

@testable import JournalLogging

@Suite struct TextLineTests {
    private struct Failure: Error, CustomStringConvertible {
        let description = "no space"
    }

    private func logger(_ format: LogFormat) -> (Logger, () -> String) {
        let sent = SentLines()
        let output = sent.output(format)
        let logger = Logger(label: "app") { label in JournalLogHandler(label: label, output: output) }
        return (logger, { sent.text(of: output) })
    }

    @Test func everyLineInTheJournalCarriesItsPriority() {
        var (logger, written) = logger(.linesWithPriority)
        logger.logLevel = .trace
        logger[metadataKey: "b"] = "2"
        logger.trace("t")
        logger.info("first\nsecond", metadata: ["a": "1", "c": "\n3"])
        logger.notice("n")
        logger.warning("w")
        logger.error("e", error: Failure())
        logger.critical("c")
        #expect(
            written()
                == "<7>t b=2\n<6>first\n<6>second a=1 b=2 c=\n<6>3\n<5>n b=2\n<4>w b=2\n"
                + "<3>e error=no space b=2\n<2>c b=2\n"
        )
    }

    @Test func aLineElsewhereHasTimeLevelAndLabel() throws {
        let (logger, written) = logger(.linesWithTime)
        logger.debug("not logged by default")
        logger.warning("careful", metadata: ["raw": .stringConvertible(JournalBytes([0x61, 0xFF]))])
        let pattern = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} warning app: careful raw=a\u{FFFD}\n/
        #expect(try pattern.wholeMatch(in: written()) != nil, "\(written())")
    }
}
