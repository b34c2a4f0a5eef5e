import Logging
import Synchronization
import Testing

@testable import JournalLogging

@Suite struct JournalLogHandlerTests {
    private final class Written: Sendable {
        let text = Mutex("")
        func append(_ more: String) { text.withLock { $0 += more } }
        var all: String { text.withLock { $0 } }
    }

    private func logger(isJournal: Bool) -> (Logger, Written) {
        let written = Written()
        let logger = Logger(label: "app") { label in
            JournalLogHandler(label: label, isJournal: isJournal) { written.append($0) }
        }
        return (logger, written)
    }

    @Test func everyLineInTheJournalCarriesItsPriority() {
        var (logger, written) = logger(isJournal: true)
        logger.logLevel = .trace
        logger[metadataKey: "b"] = "2"
        logger.trace("t")
        logger.info("first\nsecond", metadata: ["a": "1"])
        logger.notice("n")
        logger.warning("w")
        logger.error("e")
        logger.critical("c")
        #expect(
            written.all == "<7>t b=2\n<6>first\n<6>second a=1 b=2\n<5>n b=2\n<4>w b=2\n<3>e b=2\n<2>c b=2\n"
        )
    }

    @Test func aLineElsewhereHasTimeLevelAndLabel() throws {
        let (logger, written) = logger(isJournal: false)
        logger.debug("not logged by default")
        logger.warning("careful")
        let pattern = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} warning app: careful\n/
        #expect(try pattern.wholeMatch(in: written.all) != nil, "\(written.all)")
    }
}
