internal import Logging
internal import Systemd

/// A journal entry in memory: its fields one after the other, each `NAME=value` behind its length in four bytes.
enum JournalEntry {
    /// How many fields stand in front of the message and are not metadata.
    static let fieldsBeforeMessage = 7

    /// The fields that every entry of a logger has.
    static func constantFields(program: String, label: String) -> [UInt8] {
        var line = LineBuffer()
        appendField("SYSLOG_IDENTIFIER=", program, to: &line)
        appendField("LOGGER=", label, to: &line)
        return Array(line.bytes)
    }

    /// Appends the entry of a log event: ``fieldsBeforeMessage`` fields, the message, the error, the metadata.
    static func append(_ event: LogEvent, _ metadata: LineMetadata, constant: [UInt8], to line: inout LineBuffer) {
        line.append(constant)
        appendField("PRIORITY=", to: &line) { $0.append(event.level.priorityDigit) }
        appendField("SOURCE=", event.source, to: &line)
        appendField("CODE_FILE=", event.file, to: &line)
        appendField("CODE_LINE=", to: &line) { $0.append(decimal: event.line) }
        appendField("CODE_FUNC=", event.function, to: &line)
        appendField("MESSAGE=", event.message.description, to: &line)
        if let error = event.error {
            appendField("ERROR=", "\(error)", to: &line)
            appendField("ERROR_TYPE=", String(reflecting: type(of: error)), to: &line)
        }
        metadata.forEach { key, value in append(value, of: key, to: &line) }
    }

    /// Appends how many lines were lost to the entry that reports it.
    static func appendLostLines(_ lost: Int, to line: inout LineBuffer) {
        appendField("LOST_LINES=", to: &line) { $0.append(decimal: UInt(lost)) }
    }

    private static func append(_ value: Logger.MetadataValue, of key: String, to line: inout LineBuffer) {
        switch value {
        case .string(let text):
            appendField(of: key, to: &line) { $0.append(text) }
        case .stringConvertible(let value):
            if let id = value as? JournalMessageID {
                appendField("MESSAGE_ID=", id.description, to: &line)
            } else if let raw = value as? JournalBytes {
                appendField(of: key, to: &line) { $0.append(raw.bytes) }
            } else {
                appendField(of: key, to: &line) { $0.append(value.description) }
            }
        case .dictionary(let values):
            if values.isEmpty { return appendField(of: key, to: &line) { _ in } }
            for (inner, value) in values { append(value, of: "\(key)_\(inner)", to: &line) }
        case .array(let values):
            if values.isEmpty { return appendField(of: key, to: &line) { _ in } }
            for value in values { append(value, of: key, to: &line) }
        }
    }

    private static func appendField(_ start: StaticString, _ value: String, to line: inout LineBuffer) {
        appendField(start, to: &line) { $0.append(value) }
    }

    private static func appendField(
        _ start: StaticString,
        to line: inout LineBuffer,
        value: (inout LineBuffer) -> Void
    ) {
        appendMeasured(to: &line) {
            $0.append(start)
            value(&$0)
        }
    }

    private static func appendField(of key: String, to line: inout LineBuffer, value: (inout LineBuffer) -> Void) {
        appendMeasured(to: &line) {
            JournalField.appendName(of: key, to: &$0)
            $0.append(UInt8(ascii: "="))
            value(&$0)
        }
    }

    @inline(__always)
    private static func appendMeasured(to line: inout LineBuffer, _ write: (inout LineBuffer) -> Void) {
        let place = line.count
        _ = line.reserve(lengthSize)
        line.advance(by: lengthSize)
        write(&line)
        line.store(UInt32(line.count - place - lengthSize), at: place)
    }

    private static let lengthSize = MemoryLayout<UInt32>.size
}

extension JournalEntry {
    /// The fields of an entry, in order.
    struct Fields: Sequence, IteratorProtocol {
        private var rest: UnsafeRawBufferPointer

        init(_ entry: UnsafeRawBufferPointer) {
            rest = entry
        }

        mutating func next() -> UnsafeRawBufferPointer? {
            guard !rest.isEmpty else { return nil }
            let end = lengthSize + Int(rest.loadUnaligned(as: UInt32.self))
            defer { rest = UnsafeRawBufferPointer(rebasing: rest[end...]) }
            return UnsafeRawBufferPointer(rebasing: rest[lengthSize..<end])
        }
    }
}
