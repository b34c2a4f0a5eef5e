import JournalLogging
import Logging

/// What the page and the doc comments of JournalLogging show.
enum JournalSnippets {
    static func bootstrap() {
        LoggingSystem.bootstrap { JournalLogHandler(label: $0) }
    }

    static func fields() {
        LoggingSystem.bootstrap { JournalLogHandler(label: $0) }
        let logger = Logger(label: "app")
        logger.info("paid", metadata: ["order.id": "17", "amount": "12.50"])
    }

    static func bytes(_ logger: Logger, _ bytes: [UInt8]) {
        logger.debug("odd packet", metadata: ["packet": .stringConvertible(JournalBytes(bytes))])
    }
}
