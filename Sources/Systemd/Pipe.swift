internal import CSystemd
internal import SystemPackage

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A pipe whose one end is given away, so that the other tells when nobody holds that any more.
struct Pipe: ~Copyable {
    /// The end that stays here.
    let reader: OwnedDescriptor
    /// The end that is given away; our own copy of it keeps the pipe open, too.
    let writer: OwnedDescriptor

    /// - Throws: The `Errno` of `pipe2(2)`.
    init() throws(Errno) {
        var ends: (CInt, CInt) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &ends) { bytes in
            bytes.withMemoryRebound(to: CInt.self) { csystemd_pipe($0.baseAddress) }
        }
        guard result == 0 else { throw Errno(rawValue: -result) }
        reader = OwnedDescriptor(ends.0)
        writer = OwnedDescriptor(ends.1)
    }

    /// Closes our copy of the end that has been given away.
    consuming func closingWriter() -> HangUp {
        HangUp(reader: reader)
    }
}

/// Tells when nobody holds the other end of a pipe any more.
struct HangUp: ~Copyable {
    let reader: OwnedDescriptor

    /// Waits for it.
    ///
    /// - Parameter limit: How long at most; nothing only looks.
    /// - Returns: Whether the other end is closed, or why that cannot be told.
    borrowing func waitForHangUp(within limit: Duration) -> Result<Bool, Errno> {
        reader.withDescriptor { Self.wait(for: $0, within: limit) }
    }

    /// Waits until nobody holds the other end of a pipe or a connection any more. The corresponding C function is `poll`.
    static func wait(for descriptor: CInt, within limit: Duration) -> Result<Bool, Errno> {
        let deadline = ContinuousClock.Instant.after(limit)
        var entry = pollfd(fd: descriptor, events: 0, revents: 0)
        while true {
            let left = deadline - .now
            let ready = poll(&entry, 1, left.boundedMilliseconds)
            if ready > 0 { return .success(true) }
            if ready == 0, left <= .zero { return .success(false) }
            if ready < 0, errno != EINTR { return .failure(Errno(rawValue: errno)) }
        }
    }
}
