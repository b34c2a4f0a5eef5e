internal import Logging
internal import Systemd

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A log line as text: `message error=text key=value`, the keys in order, with something in front of each of its lines.
enum TextLine {
    /// Appends the line with `<N>` in front, of which journald makes the priority (sd-daemon(3)).
    static func appendWithPriority(_ event: LogEvent, _ metadata: LineMetadata, to line: inout LineBuffer) {
        append(event, metadata, behind: priorityPrefix(event.level.priorityDigit), to: &line)
    }

    /// Appends the line with the time, the level and the logger's label in front.
    static func appendWithTime(_ event: LogEvent, _ metadata: LineMetadata, label: String, to line: inout LineBuffer) {
        append(event, metadata, behind: Array("\(timestamp()) \(event.level) \(label): ".utf8), to: &line)
    }

    /// What stands in front of a line whose priority is this digit.
    static func priorityPrefix(_ digit: UInt8) -> [UInt8] {
        [UInt8(ascii: "<"), digit, UInt8(ascii: ">")]
    }

    /// Appends bytes, and `prefix` behind every line end in them.
    static func append(_ bytes: UnsafeRawBufferPointer, prefix: [UInt8], to line: inout LineBuffer) {
        var rest = bytes
        while let end = rest.firstIndex(of: newline) {
            line.append(UnsafeRawBufferPointer(rebasing: rest[...end]))
            line.append(prefix)
            rest = UnsafeRawBufferPointer(rebasing: rest[(end + 1)...])
        }
        line.append(rest)
    }

    static let newline = UInt8(ascii: "\n")

    private static func append(
        _ event: LogEvent,
        _ metadata: LineMetadata,
        behind prefix: [UInt8],
        to line: inout LineBuffer
    ) {
        line.append(prefix)
        append(event.message.description, prefix: prefix, to: &line)
        if let error = event.error { append(" error=\(error)", prefix: prefix, to: &line) }
        for (key, value) in metadata.sorted where !isForTheJournal(value) {
            append(" \(key)=\(value)", prefix: prefix, to: &line)
        }
        line.append(newline)
    }

    private static func isForTheJournal(_ value: Logger.MetadataValue) -> Bool {
        if case .stringConvertible(let value) = value { value is JournalMessageID } else { false }
    }

    private static func append(_ text: String, prefix: [UInt8], to line: inout LineBuffer) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0), prefix: prefix, to: &line) }
    }

    private static func timestamp() -> String {
        var (now, parts) = (time(nil), tm())
        localtime_r(&now, &parts)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { text in
            let count = strftime(text.baseAddress, text.count, "%Y-%m-%dT%H:%M:%S%z", &parts)
            return String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }
}
