#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

internal import Systemd

/// Where this process's standard error goes.
package enum StandardError {
    /// Whether it is a stream of journald: `JOURNAL_STREAM` (systemd.exec(5)) names the device and inode of a descriptor,
    /// and only if they are those of standard error does it still go there; a shell may have redirected it since.
    package static var isJournal: Bool {
        guard let value = environmentValue("JOURNAL_STREAM") else { return false }
        var status = stat()
        guard fstat(STDERR_FILENO, &status) == 0 else { return false }
        return value == "\(status.st_dev):\(status.st_ino)"
    }

    /// Writes all of `bytes`, in one `write(2)` if the kernel takes it, and waits as long as nobody reads.
    ///
    /// - Returns: Whether all was written; if not, nobody is left to be told.
    @discardableResult
    static func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = systemWrite(STDERR_FILENO, rest.baseAddress, rest.count)
            if count > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
                continue
            }
            switch errno {
            case EINTR: continue
            // Whoever shares the terminal or the pipe may have made it non-blocking.
            case EAGAIN, EWOULDBLOCK: _ = canWrite(waiting: -1)
            default: return false
            }
        }
        return true
    }

    /// Writes `bytes`, a short line, if that is possible without waiting.
    static func writeIfPossible(_ bytes: UnsafeRawBufferPointer) {
        if canWrite(waiting: 0) { write(bytes) }
    }

    private static func canWrite(waiting milliseconds: CInt) -> Bool {
        var event = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        return poll(&event, 1, milliseconds) == 1
    }
}

private let systemWrite = write
