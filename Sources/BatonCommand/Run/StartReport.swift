#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The way to the process in the foreground, which waits to hear what has become of the first generation; see
/// `cprocess_daemonize()`.
final class StartReport {
    private var descriptor: CInt?

    /// Takes over the descriptor.
    init(_ descriptor: CInt) {
        self.descriptor = descriptor
    }

    /// Lets it end with that status; only the first time counts.
    ///
    /// - Parameter text: What it writes to its standard error.
    func end(with status: UInt8, saying text: String = "") {
        guard let descriptor else { return }
        let bytes = [status] + text.utf8
        _ = write(descriptor, bytes, bytes.count)
        close(descriptor)
        self.descriptor = nil
    }
}
