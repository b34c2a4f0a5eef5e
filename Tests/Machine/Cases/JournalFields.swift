import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// What is logged is in the journal as it was, and says who logged it.
    @Suite struct JournalFields {
        @Test(.timeLimit(.minutes(1)))
        func everyFieldIsAsItWasSent() async throws {
            let writing = try await JournalWriting(in: Machine.shared)
            _ = try await writing.run("exec journal-writer odd")
            let entries = try await writing.entries()
            try #require(entries.count == 2)
            let odd = entries[0]

            #expect(odd["MESSAGE"] == ["first\nsecond \0 👍"])
            #expect(odd["PRIORITY"] == ["3"])
            #expect(odd["SYSLOG_IDENTIFIER"] == ["journal-writer"])
            #expect(odd["LOGGER"] == ["journal-writer"])
            #expect(odd["SOURCE"] == ["journal_writer"])
            #expect(odd["CODE_FILE"] == ["journal_writer/OddLine.swift"])
            #expect(Int(try #require(odd["CODE_LINE"].first)) != nil)
            #expect(odd["CODE_FUNC"] == ["logOddLine(to:)"])
            #expect(odd["ERROR"] == ["it\nfailed"])
            #expect(try #require(odd["ERROR_TYPE"].first).contains("OddError"))

            #expect(odd["LINES"] == ["one\ntwo\n"])
            #expect(odd["NUL"] == ["a\0b"])
            #expect(odd["EMOJI"] == ["👩‍👩‍👧 ok"])
            #expect(odd.raw("NOT_UTF8") == [[0x61, 0xFF, 0x62]])
            #expect(odd.raw("BYTES") == [Array(0...255)])
            #expect(odd["EMPTY"] == [""])
            #expect(odd["NOTHING"] == [""])
            #expect(odd["LARGE"] == [String(repeating: "0123456789abcdef", count: 1 << 16)])
            #expect(odd["LARGE_LINES"] == [String(repeating: "0123456789abcde\n", count: 1 << 16)])
            for number in 0..<200 { #expect(odd["FIELD_\(number)"] == ["value \(number)"]) }

            #expect(odd["USER_ID"] == ["7"])
            #expect(odd["USER_ROLES"] == ["admin", "author"])
            #expect(odd["USER_ADDRESS_ZIP"] == ["8000"])
            #expect(odd["METADATA_PRIORITY"] == ["0"])
            #expect(odd["PRIVATE"] == ["kept"])
            #expect(odd["METADATA_5XX"] == ["1"])
            #expect(odd["A_B"] == ["dash", "dot"])

            // More fields than fit: the rest is in one of its own.
            let rest = try #require(entries[1]["METADATA"].first).split(separator: "\n").map { $0.dropFirst(5) }
            #expect(entries[1]["MANY"].count > 400 && rest.count > 400)
            #expect(Set(entries[1]["MANY"] + rest.map(String.init)) == Set((0..<2000).map { "\($0)" }))
        }

        /// A line through standard error would have the pid of whoever opened that stream: here, of the shell.
        @Test(.timeLimit(.minutes(1)))
        func eachOfTwoProcessesOnOneStreamHasItsOwnPID() async throws {
            let writing = try await JournalWriting(in: Machine.shared)
            _ = try await writing.run("echo shell >&2; journal-writer pid 10 & journal-writer pid 10 & wait")
            let entries = try await writing.entries("MESSAGE=pid")
            #expect(entries.count == 20)
            #expect(entries.allSatisfy { $0["_PID"] == $0["SAID"] && $0["_TRANSPORT"] == ["journal"] })
            #expect(Set(entries.flatMap { $0["_PID"] }).count == 2)
        }

        /// `JOURNAL_STREAM` is set, and standard error has gone elsewhere since.
        @Test(.timeLimit(.minutes(1)))
        func aRedirectedStandardErrorGetsReadableLines() async throws {
            let writing = try await JournalWriting(in: Machine.shared)
            let output = try await writing.run(
                "echo $JOURNAL_STREAM; journal-writer pid 2 2>/run/redirected.log; cat /run/redirected.log"
            )
            let lines = output.split(separator: "\n")
            try #require(lines.count == 3)
            #expect(lines[0].contains(":"), "no JOURNAL_STREAM")
            let pattern = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} info journal-writer: pid number=0 said=\d+/
            #expect(try pattern.wholeMatch(in: lines[1]) != nil, "\(output)")
            #expect(try await writing.entries().isEmpty)
        }

        /// Where a unit forbids UNIX sockets or hides journald's, entries cannot be sent; standard error works.
        @Test(
            .timeLimit(.minutes(1)),
            arguments: [
                "RestrictAddressFamilies=AF_INET", "InaccessiblePaths=/run/systemd/journal/socket",
                "TemporaryFileSystem=/run/systemd/journal",
            ]
        )
        func withoutTheSocketLinesAreTextWithTheirPriority(property: String) async throws {
            let writing = try await JournalWriting(in: Machine.shared)
            _ = try await writing.run("exec journal-writer pid 1", properties: [property])
            let entries = try await writing.entries()
            try #require(entries.count == 1)
            #expect(entries[0]["_TRANSPORT"] == ["stdout"])
            #expect(entries[0]["PRIORITY"] == ["6"])
            let words = try #require(entries[0]["MESSAGE"].first).lowercased().split(separator: " ")
            #expect(words.first == "pid" && words.contains("number=0"), "\(words)")
        }
    }
}
