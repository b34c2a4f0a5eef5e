import JournalLogging
import Logging
import Systemd
import Testing

@testable import JournalLogging

@Suite struct JournalEntryTests {
    private struct Failure: Error, CustomStringConvertible {
        let description = "no\nspace"
    }

    private func entry(
        _ log: (inout Logger) -> Void,
        provider: Logger.MetadataProvider? = nil
    ) throws -> [JournalFieldText] {
        let sent = SentLines()
        let output = sent.output(.journalEntries)
        var logger = Logger(label: "label") { JournalLogHandler(label: $0, metadataProvider: provider, output: output) }
        logger.logLevel = .trace
        log(&logger)
        let entries = sent.entries(of: output)
        #expect(entries.count == 1)
        return try #require(entries.first)
    }

    @Test func anEntryHasTheStandardFieldsFirst() throws {
        let line = #line + 1
        let fields = try entry { $0.notice("first\nsecond\0", source: "from") }
        #expect(
            fields == [
                JournalFieldText("SYSLOG_IDENTIFIER", fields["SYSLOG_IDENTIFIER"].first ?? ""),
                JournalFieldText("LOGGER", "label"),
                JournalFieldText("PRIORITY", "5"),
                JournalFieldText("SOURCE", "from"),
                JournalFieldText("CODE_FILE", #fileID),
                JournalFieldText("CODE_LINE", "\(line)"),
                JournalFieldText("CODE_FUNC", #function),
                JournalFieldText("MESSAGE", "first\nsecond\0"),
            ]
        )
        let program = try #require(CommandLine.arguments.first).split(separator: "/").last
        #expect(fields["SYSLOG_IDENTIFIER"] == [String(try #require(program))])
    }

    @Test(arguments: zip(Logger.Level.allCases, ["7", "7", "6", "5", "4", "3", "2"]))
    func theLevelIsThePriority(level: Logger.Level, priority: String) throws {
        #expect(try entry { $0.log(level: level, "") }["PRIORITY"] == [priority])
    }

    @Test func aMessageIDIsAFieldOfItsOwn() throws {
        let id = JournalMessageID("00112233445566778899aabbccddeeff")
        let fields = try entry { $0.info("text", metadata: ["event": .stringConvertible(id), "message_id": "other"]) }
        #expect(fields["MESSAGE_ID"] == [id.description])
        #expect(fields["METADATA_MESSAGE_ID"] == ["other"])
        #expect(fields["EVENT"] == [])
    }

    @Test func theErrorHasFieldsOfItsOwn() throws {
        let fields = try entry { $0.error("failed", error: Failure()) }
        #expect(fields["ERROR"] == ["no\nspace"])
        #expect(fields["ERROR_TYPE"].first?.hasSuffix("Failure") == true, "\(fields)")
    }

    @Test func theCallsMetadataWinsThenTheProvidersThenTheLoggers() throws {
        let provider = Logger.MetadataProvider { ["a": "provider", "b": "provider", "p": "provider"] }
        let fields = try entry(
            { logger in
                for key in ["a", "b", "c", "l"] { logger[metadataKey: key] = "logger" }
                logger.info("m", metadata: ["a": "call", "c": "call"])
            },
            provider: provider
        )
        #expect(fields["A"] == ["call"])
        #expect(fields["B"] == ["provider"])
        #expect(fields["C"] == ["call"])
        #expect(fields["P"] == ["provider"])
        #expect(fields["L"] == ["logger"])
        #expect(fields.count == 8 + 5)
    }

    @Test func nestedMetadataIsFlattened() throws {
        let fields = try entry {
            $0.info(
                "m",
                metadata: [
                    "user": [
                        "id": .stringConvertible(7), "": "x", "roles": ["a", "b"], "in": [["k": "1"], ["k": "2"]],
                    ],
                    "code": ["file": "not ours"], "none": [], "nobody": [:],
                ]
            )
        }
        #expect(fields["USER_ID"] == ["7"])
        #expect(fields["USER_"] == ["x"])
        #expect(fields["USER_ROLES"] == ["a", "b"])
        #expect(fields["USER_IN_K"] == ["1", "2"])
        #expect(fields["METADATA_CODE_FILE"] == ["not ours"])
        #expect(fields["CODE_FILE"] == [#fileID])
        #expect(fields["NONE"] == [""] && fields["NOBODY"] == [""])
    }

    @Test func twoKeysOfTheSameNameAreBothKept() throws {
        let fields = try entry { $0.info("m", metadata: ["a.b": "1", "a-b": "2"]) }
        #expect(fields["A_B"].sorted() == ["1", "2"])
    }

    @Test func valuesAreWhole() throws {
        let large = String(repeating: "0123456789\n", count: 100_000)
        let fields = try entry {
            $0.info("m", metadata: ["l": .string(large), "r": .stringConvertible(JournalBytes(0...255)), "e": ""])
        }
        #expect(fields["L"] == [large])
        #expect(fields.first { $0.name == "R" }?.value == Array(0...255))
        #expect(fields["E"] == [""])
    }

    @Test func whereTheSocketDoesNotWorkTheEntryIsText() {
        let sent = SentLines()
        let output = sent.output(.journalEntries)
        let logger = Logger(label: "label") { JournalLogHandler(label: $0, output: output) }
        logger.warning("first\nsecond", metadata: ["a": "1\n2"])
        var text = LineBuffer()
        for entry in sent.all(of: output) {
            entry.withUnsafeBytes { JournalSocket.appendText(of: $0, to: &text) }
        }
        #expect(String(decoding: text.bytes, as: UTF8.self) == "<4>first\n<4>second A=1\n<4>2\n")
    }
}
