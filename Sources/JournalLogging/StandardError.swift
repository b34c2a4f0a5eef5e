#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

import Systemd

/// Where this process's standard error goes.
enum StandardError {
    /// Whether it is a stream of journald: `JOURNAL_STREAM` (systemd.exec(5)) names the device and inode of a descriptor,
    /// and only if they are those of standard error does it still go there; a shell may have redirected it since.
    static var isJournal: Bool {
        guard let value = environmentValue("JOURNAL_STREAM") else { return false }
        var status = stat()
        guard fstat(STDERR_FILENO, &status) == 0 else { return false }
        return value == "\(status.st_dev):\(status.st_ino)"
    }

    /// Writes all of `text`, in one `write(2)` if the kernel takes it.
    static func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = systemWrite(STDERR_FILENO, rest.baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                // Nobody is left to be told that standard error is gone.
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            }
        }
    }
}

private let systemWrite = write
