import Glibc

/// The service manager's end of sd_notify(3).
struct NotifySocket {
    private let descriptor: CInt
    /// What `NOTIFY_SOCKET` is to be.
    let address: String

    /// Opens a socket with an abstract name of the kernel's choice.
    init() throws {
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var length = socklen_t(MemoryLayout<sa_family_t>.size)
        let descriptor = descriptor
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer -> CInt in
                // No name at all: bind(2) makes one.
                guard bind(descriptor, pointer, length) == 0 else { return -1 }
                length = socklen_t(MemoryLayout<sockaddr_un>.size)
                return getsockname(descriptor, pointer, &length)
            }
        }
        guard descriptor >= 0, result == 0 else {
            throw BenchmarkError(description: "no notify socket: \(String(cString: strerror(errno)))")
        }
        let name = withUnsafeBytes(of: address.sun_path) { $0[1..<(Int(length) - 2)].map { $0 } }
        self.address = "@" + String(decoding: name, as: UTF8.self)
    }

    func close() {
        Glibc.close(descriptor)
    }

    func waitForReady(seconds: CInt) throws {
        var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        var buffer = [UInt8](repeating: 0, count: 4096)
        while poll(&event, 1, seconds * 1000) > 0 {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0, String(decoding: buffer[..<count], as: UTF8.self).contains("READY=1") { return }
        }
        throw BenchmarkError(description: "no READY=1 within \(seconds) s")
    }
}
