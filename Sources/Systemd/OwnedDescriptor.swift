#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A file descriptor with one owner, closed when that goes out of scope.
package struct OwnedDescriptor: ~Copyable, Sendable {
    private let descriptor: CInt

    package init(_ descriptor: CInt) {
        self.descriptor = descriptor
    }

    deinit {
        _ = close(descriptor)
    }

    /// Lends the descriptor: it is not to be closed, nor to be kept longer than the call.
    package borrowing func withDescriptor<Result: ~Copyable>(_ body: (CInt) -> Result) -> Result {
        body(descriptor)
    }

    /// Gives the descriptor away: the caller closes it.
    package consuming func release() -> CInt {
        let descriptor = self.descriptor
        discard self
        return descriptor
    }
}
