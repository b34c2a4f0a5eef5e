import Systemd

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A UNIX socket to which nobody listens any more.
enum DesertedSocket {
    /// Whether there is one at the path, or nothing at all. The corresponding C function is `connect`.
    static func isOne(_ path: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = socket(AF_UNIX, SocketConstants.stream, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // Whoever listens may have no room for one more.
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return result != 0 && [ECONNREFUSED, ENOENT, ENOTDIR].contains(errno)
    }
}
