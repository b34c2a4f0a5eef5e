#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Sends what libsystemd would not.
func send(_ bytes: [UInt8], to path: String) -> Bool {
    #if canImport(Glibc)
    let socket = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
    #else
    let socket = socket(AF_UNIX, SOCK_DGRAM, 0)
    #endif
    defer { close(socket) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            sendto(socket, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    } == bytes.count
}
