internal import CSystemd

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// journald's socket for whole entries, by sd_journal_sendv(3).
enum JournalSocket {
    /// Whether entries can be sent: libsystemd is there, and so is the socket, without which it discards them.
    static var isThere: Bool {
        csystemd_is_built_in() != 0 && access("/run/systemd/journal/socket", F_OK) == 0
    }

    /// Sends an entry, and waits as long as journald does not read.
    ///
    /// Where that is not possible (a unit with `RestrictAddressFamilies=` and without `AF_UNIX`, say), it goes to standard
    /// error as text, which is the journal too.
    ///
    /// - Returns: Whether it went one of these ways.
    static func send(_ entry: UnsafeRawBufferPointer) -> Bool {
        let count = JournalEntry.Fields(entry).reduce(0) { count, _ in count + 1 }
        let result = withUnsafeTemporaryAllocation(of: iovec.self, capacity: count + 1) { room in
            var (used, parts) = (0, 0)
            var fields = JournalEntry.Fields(entry)
            while let field = fields.next() {
                // Counted only where it may become too many.
                if count > alwaysFitting {
                    parts += field.contains(TextLine.newline) ? partsWithNewlines : partsOfField
                    if parts > mostParts - partsWithNewlines {
                        return sendWithTail(room, used, tail: field, then: fields)
                    }
                }
                room[used] = part(field)
                used += 1
            }
            return csystemd_journal_send(room.baseAddress, CInt(used))
        }
        return result >= 0 || sendAsText(entry)
    }

    // UIO_MAXIOV, and what sd_journal_sendv(3) makes of a field.
    private static let mostParts = 1024
    private static let partsOfField = 2
    private static let partsWithNewlines = 5
    private static let alwaysFitting = mostParts / partsWithNewlines - 1

    private static func part(_ field: UnsafeRawBufferPointer) -> iovec {
        iovec(iov_base: UnsafeMutableRawPointer(mutating: field.baseAddress), iov_len: field.count)
    }

    /// Sends what there is room for, and the rest in one field.
    private static func sendWithTail(
        _ room: UnsafeMutableBufferPointer<iovec>,
        _ used: Int,
        tail first: UnsafeRawBufferPointer,
        then others: JournalEntry.Fields
    ) -> CInt {
        var tail = LineBuffer()
        tail.append("METADATA=")
        tail.append(first)
        for field in others {
            tail.append(TextLine.newline)
            tail.append(field)
        }
        room[used] = part(tail.bytes)
        return csystemd_journal_send(room.baseAddress, CInt(used + 1))
    }

    private static func sendAsText(_ entry: UnsafeRawBufferPointer) -> Bool {
        var line = LineBuffer()
        appendText(of: entry, to: &line)
        return StandardError.write(line.bytes)
    }

    /// Appends what a person reads of an entry: its priority, its message, its metadata.
    static func appendText(of entry: UnsafeRawBufferPointer, to line: inout LineBuffer) {
        var prefix = TextLine.priorityPrefix(UInt8(ascii: "6"))
        for (index, field) in JournalEntry.Fields(entry).enumerated() {
            guard let equals = field.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let value = UnsafeRawBufferPointer(rebasing: field[(equals + 1)...])
            switch index {
            case ..<JournalEntry.fieldsBeforeMessage:
                let name = field[..<equals]
                if name.elementsEqual("PRIORITY".utf8), let digit = value.first {
                    prefix = TextLine.priorityPrefix(digit)
                }
            case JournalEntry.fieldsBeforeMessage:
                line.append(prefix)
                TextLine.append(value, prefix: prefix, to: &line)
            default:
                line.append(UInt8(ascii: " "))
                TextLine.append(field, prefix: prefix, to: &line)
            }
        }
        line.append(TextLine.newline)
    }
}
