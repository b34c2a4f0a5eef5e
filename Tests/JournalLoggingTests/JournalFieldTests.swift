import Testing

@testable import JournalLogging

@Suite struct JournalFieldTests {
    private func name(of key: String) -> String {
        var line = LineBuffer()
        JournalField.appendName(of: key, to: &line)
        return String(decoding: line.bytes, as: UTF8.self)
    }

    @Test(arguments: [
        ("request_id", "REQUEST_ID"), ("hb.request.id", "HB_REQUEST_ID"), ("größe", "GR__E"), ("👍", "METADATA"),
        ("a👍b", "A_B"), ("", "METADATA"), ("___", "METADATA"), ("_private", "PRIVATE"), ("__x_", "X_"),
        ("5xx", "METADATA_5XX"), ("_5", "METADATA_5"), ("message", "METADATA_MESSAGE"),
        ("Code-File", "METADATA_CODE_FILE"),
        ("_PRIORITY", "METADATA_PRIORITY"), ("lost_lines", "METADATA_LOST_LINES"),
        ("object.pid", "METADATA_OBJECT_PID"),
        ("messages", "MESSAGES"), ("metadata", "METADATA"), ("a=b\nc\0d", "A_B_C_D"),
    ])
    func aKeyBecomesALegalName(key: String, expected: String) {
        #expect(name(of: key) == expected)
    }

    @Test func aLongNameIsCutAtSixtyFour() {
        #expect(name(of: String(repeating: "a", count: 65)) == String(repeating: "A", count: 64))
        #expect(name(of: "1" + String(repeating: "a", count: 99)) == "METADATA_1" + String(repeating: "A", count: 54))
        #expect(name(of: String(repeating: "_", count: 99) + "b") == "B")
    }

    /// journald drops a field without a word if its name is not `[A-Z][A-Z0-9_]{0,63}`.
    @Test func noKeyMakesAnIllegalName() throws {
        let legal = /[A-Z][A-Z0-9_]{0,63}/
        var generator = SystemRandomNumberGenerator()
        let pieces: [Character] = ["a", "Z", "0", "_", ".", "é", "👩‍👩‍👧", "\0", "\n", "=", "ß"]
        for _ in 0..<5000 {
            let key = String((0..<Int.random(in: 0...80, using: &generator)).compactMap { _ in pieces.randomElement() })
            #expect(try legal.wholeMatch(in: name(of: key)) != nil, "\(key.debugDescription)")
        }
    }
}
