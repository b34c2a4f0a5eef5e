import CProcess
import JournalLogging

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Lines on standard error that nobody has to wait for: what cannot be written is kept, and beyond a limit counted.
struct ErrorLines {
    private static let most = 256

    private var waiting: [String] = []
    private var lost = 0
    /// Where systemd reads standard error, a prefix tells how important a line is (sd-daemon(3)).
    private let hasPrefix = StandardError.isJournal

    /// Whether lines wait for room.
    var isWaiting: Bool { !waiting.isEmpty }

    /// - Parameter isError: Whether something has failed.
    mutating func write(_ text: String, isError: Bool = false) {
        let line = hasPrefix ? "<\(isError ? 3 : 6)>\(text)" : text
        flush()
        if waiting.isEmpty, attempt(line) { return }
        if waiting.count < Self.most { waiting.append(line) } else { lost += 1 }
    }

    /// Writes what waits, as far as there is room.
    mutating func flush() {
        while let line = waiting.first, attempt(line) { waiting.removeFirst() }
        if waiting.isEmpty, lost > 0,
            attempt("\(hasPrefix ? "<4>" : "")\(lost) lines are missing here: nobody read them")
        {
            lost = 0
        }
    }

    /// False if it has to wait; what can not be written at all is gone.
    private func attempt(_ line: String) -> Bool {
        let text = line + "\n"
        return text.utf8.withContiguousStorageIfAvailable { bytes in
            cprocess_write_line(STDERR_FILENO, bytes.baseAddress, bytes.count) != -EAGAIN
        } ?? true
    }
}
