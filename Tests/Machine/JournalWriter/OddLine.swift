import JournalLogging
import Logging

private struct OddError: Error, CustomStringConvertible {
    let description = "it\nfailed"
}

/// Logs one line with everything that is hard to keep.
func logOddLine(to logger: Logger) {
    var metadata: Logger.Metadata = [
        "lines": "one\ntwo\n",
        "nul": "a\0b",
        "emoji": "👩‍👩‍👧 ok",
        "not-utf8": .stringConvertible(JournalBytes([0x61, 0xFF, 0x62])),
        "bytes": .stringConvertible(JournalBytes(0...255)),
        "empty": "",
        "large": .string(String(repeating: "0123456789abcdef", count: 1 << 16)),
        "large lines": .string(String(repeating: "0123456789abcde\n", count: 1 << 16)),
        "user": ["id": .stringConvertible(7), "roles": ["admin", "author"], "address": ["zip": "8000"]],
        "nothing": [],
        "priority": "0",
        "_private": "kept",
        "5xx": "1",
        "a.b": "dot",
        "a-b": "dash",
    ]
    for number in 0..<200 { metadata["field \(number)"] = "value \(number)" }
    logger.error("first\nsecond \0 👍", error: OddError(), metadata: metadata)
    // More fields than a message can have.
    logger.info("many", metadata: ["many": .array((0..<2000).map { "\($0)" })])
}
