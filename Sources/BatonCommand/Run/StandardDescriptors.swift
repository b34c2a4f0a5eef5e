#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Standard input, output and error.
enum StandardDescriptors {
    /// Opens those that are closed, for this process and its children: else the next sockets and files would have their numbers, and
    /// what is said on standard error would be written into one of them.
    static func open() {
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
            // The lowest number that is free, which is this one.
            _ = systemOpen("/dev/null", O_RDWR)
        }
    }
}
