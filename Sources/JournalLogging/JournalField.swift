#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// How the parts of a log line become fields of a journal entry.
///
/// Fields that every entry has:
///
/// | field | value |
/// |---|---|
/// | `MESSAGE` | the message, line ends and all |
/// | `PRIORITY` | 7 for trace and debug, 6 info, 5 notice, 4 warning, 3 error, 2 critical |
/// | `SYSLOG_IDENTIFIER` | the program's name |
/// | `LOGGER` | the logger's label |
/// | `SOURCE` | swift-log's source: the module, unless the call names another |
/// | `CODE_FILE`, `CODE_LINE`, `CODE_FUNC` | where the call is |
///
/// With an error also `ERROR`, its text, and `ERROR_TYPE`, its type. The entry that reports lost lines has `LOST_LINES`.
///
/// Metadata: the logger's own, then the metadata provider's, then the call's; for the same key the latter wins. A key
/// becomes a name that journald takes (it silently drops all others):
///
/// 1. `a` to `z` become upper case; every other character outside of `A` to `Z`, `0` to `9` and `_` becomes one `_`.
///    `hb.request.id` is `HB_REQUEST_ID`, `größe` is `GR__E`.
/// 2. `_` in front is left out: such names are journald's own. `_private` is `PRIVATE`.
/// 3. Nothing left: `METADATA`. A digit in front, or a reserved name: `METADATA_` goes before it. `5xx` is
///    `METADATA_5XX`, `message` is `METADATA_MESSAGE`.
/// 4. What is longer than 64 is cut there.
///
/// Reserved are the names of the first table, `LOST_LINES`, and what journald or journalctl reads something into:
/// `MESSAGE_ID`, `ERRNO`, `TID`, `UNIT`, `USER_UNIT`, `INVOCATION_ID`, `USER_INVOCATION_ID`, `DOCUMENTATION`,
/// `SYSLOG_FACILITY`, `SYSLOG_PID`, `SYSLOG_TIMESTAMP`, `SYSLOG_RAW`, `OBJECT_PID`, `COREDUMP_UNIT`,
/// `COREDUMP_USER_UNIT` (systemd.journal-fields(7)).
///
/// A `JournalMessageID` is the one value that becomes a field of its own name, `MESSAGE_ID`.
///
/// Values go in whole: text, and ``JournalBytes`` byte by byte. A dictionary becomes one field for each of its values,
/// `["user": ["id": 7]]` is `USER_ID=7`; an array becomes one field of the same name for each element, of which the
/// journal keeps neither the order nor a second of the same value; empty ones become one empty field. Two keys that
/// become the same name are both kept, as two fields.
///
/// An entry holds about 500 fields: a message of sendmsg(2) has 1024 parts at most, of which a field takes two, or five
/// if it has line ends. What is beyond that goes into one field `METADATA`, a line `NAME=value` for each.
enum JournalField {
    static let longestName = 64
    private static let prefix: StaticString = "METADATA_"
    private static let nameless: StaticString = "METADATA"

    private static let reserved: [StaticString] = [
        "MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "LOGGER", "SOURCE", "CODE_FILE", "CODE_LINE", "CODE_FUNC",
        "LOST_LINES", "MESSAGE_ID", "ERRNO", "TID", "UNIT", "USER_UNIT", "INVOCATION_ID", "USER_INVOCATION_ID",
        "DOCUMENTATION", "SYSLOG_FACILITY", "SYSLOG_PID", "SYSLOG_TIMESTAMP", "SYSLOG_RAW", "OBJECT_PID",
        "COREDUMP_UNIT", "COREDUMP_USER_UNIT",
    ]

    /// Appends the field name that a metadata key becomes.
    static func appendName(of key: String, to line: inout LineBuffer) {
        let place = line.count
        appendLegal(key, to: &line, limit: longestName)
        let name = UnsafeRawBufferPointer(rebasing: line.bytes[place...])
        guard let first = name.first else { return line.append(nameless) }
        guard isDigit(first) || isReserved(name) else { return }
        line.rewind(to: place)
        line.append(prefix)
        appendLegal(key, to: &line, limit: longestName - prefix.utf8CodeUnitCount)
    }

    private static func appendLegal(_ key: String, to line: inout LineBuffer, limit: Int) {
        let room = line.reserve(limit).assumingMemoryBound(to: UInt8.self)
        let count = key.utf8.withContiguousStorageIfAvailable { legal($0, in: room, limit: limit) }
        line.advance(by: count ?? legal(key.utf8, in: room, limit: limit))
    }

    /// Writes the legal characters for those of a key; returns how many.
    @inline(__always)
    private static func legal(_ key: some Sequence<UInt8>, in room: UnsafeMutablePointer<UInt8>, limit: Int) -> Int {
        var count = 0
        for byte in key {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): room[count] = byte & ~0x20
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): room[count] = byte
            // What follows the first byte of a character outside of ASCII.
            case 0x80..<0xC0: continue
            default:
                if count == 0 { continue }
                room[count] = UInt8(ascii: "_")
            }
            count += 1
            if count == limit { break }
        }
        return count
    }

    private static func isReserved(_ name: UnsafeRawBufferPointer) -> Bool {
        guard let start = name.baseAddress else { return false }
        for word in reserved where word.utf8CodeUnitCount == name.count {
            if memcmp(start, word.utf8Start, name.count) == 0 { return true }
        }
        return false
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
