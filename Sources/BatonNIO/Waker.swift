internal import CProcess
internal import SystemPackage

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Wakes a thread that sleeps in `poll(2)`: an `eventfd(2)` on Linux, a pipe elsewhere. Thread-safe.
final class Waker: Sendable {
    /// What to poll for reading.
    let descriptor: CInt
    private let writer: CInt

    /// - Throws: The `Errno` of `eventfd(2)` or `pipe(2)`.
    init() throws(Errno) {
        var (reader, writer): (CInt, CInt) = (-1, -1)
        let result = cprocess_waker(&reader, &writer)
        (self.descriptor, self.writer) = (reader, writer)
        guard result == 0 else { throw Errno(rawValue: -result) }
    }

    deinit {
        if descriptor >= 0 { _ = close(descriptor) }
        if writer >= 0, writer != descriptor { _ = close(writer) }
    }

    /// Wakes the sleeper, or keeps it from falling asleep next time.
    func wake() {
        var one: UInt64 = 1
        _ = write(writer, &one, MemoryLayout<UInt64>.size)
    }

    /// Takes the wake-ups that have come; the sleeper calls it.
    func clear() {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 8) { counts in
            let bytes = UnsafeMutableRawBufferPointer(counts)
            // An eventfd gives one number, a pipe one for each call of `wake()`.
            while read(descriptor, bytes.baseAddress, bytes.count) == bytes.count {}
        }
    }

    /// Sleeps until something can be read from one of the descriptors, or until it is woken. The C function is `poll`.
    ///
    /// - Parameters:
    ///   - entries: What else to wait for; what has happened is noted in it.
    ///   - deadline: When to return in any case; nil is never.
    func sleep(polling entries: inout [pollfd], until deadline: ContinuousClock.Instant? = nil) {
        entries.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        defer { entries.removeLast() }
        let count = poll(&entries, nfds_t(entries.count), deadline.map(Self.milliseconds) ?? -1)
        if count <= 0 {
            for index in entries.indices { entries[index].revents = 0 }
        } else if entries[entries.count - 1].revents != 0 {
            clear()
        }
    }

    /// Sleeps until it is woken, or until the deadline.
    func sleep(until deadline: ContinuousClock.Instant?) {
        var nothing: [pollfd] = []
        sleep(polling: &nothing, until: deadline)
    }

    /// Rounded up: waking too early would only mean to sleep again.
    private static func milliseconds(until deadline: ContinuousClock.Instant) -> CInt {
        let milliseconds = ((deadline - .now) / .milliseconds(1)).rounded(.up)
        return CInt(min(max(milliseconds, 0), 86_400_000))
    }
}
