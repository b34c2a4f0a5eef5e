internal import CProcess
internal import SystemPackage

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Wakes a thread that sleeps in `poll(2)`: an `eventfd(2)`. Thread-safe.
final class Waker: Sendable {
    /// What to poll for reading.
    let descriptor: CInt

    /// - Throws: The `Errno` of `eventfd(2)`.
    init() throws(Errno) {
        descriptor = cprocess_eventfd()
        guard descriptor >= 0 else { throw Errno(rawValue: -descriptor) }
    }

    deinit {
        if descriptor >= 0 { _ = close(descriptor) }
    }

    /// Wakes the sleeper, or keeps it from falling asleep next time.
    func wake() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Takes the wake-ups that have come; the sleeper calls it.
    func clear() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
    }
}
