import CProcess

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The number of the last generation, in memory that the service manager's store keeps when this process is killed.
final class GenerationRecord {
    /// Its name in the store.
    static let name = "baton-generation"

    let descriptor: CInt

    /// Memory of its own.
    ///
    /// - Returns: Nil where there is no such memory.
    init?() {
        let descriptor = cprocess_memory(Self.name)
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
    }

    /// What an earlier process has left; takes over the descriptor.
    init(owning descriptor: CInt) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    var number: Int {
        get {
            var value: Int64 = 0
            return pread(descriptor, &value, 8, 0) == 8 ? Int(clamping: max(0, value)) : 0
        }
        set {
            var value = Int64(newValue)
            _ = pwrite(descriptor, &value, 8, 0)
        }
    }
}
