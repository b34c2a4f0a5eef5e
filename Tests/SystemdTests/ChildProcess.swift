import Glibc

/// Ends this process, a test's own, with a failure unless `condition` holds.
func demand(_ condition: Bool, _ message: String, line: Int = #line) {
    guard !condition else { return }
    _ = "line \(line): \(message)\n".withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(EXIT_FAILURE)
}

/// The service manager's end of sd_notify(3), at an abstract address.
struct ServiceManagerSocket {
    private let descriptor: CInt
    let address: String

    init() {
        address = "@baton-manager-\(getpid())"
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = [0] + Array(address.utf8.dropFirst())
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        let (descriptor, length) = (descriptor, socklen_t(MemoryLayout<sa_family_t>.size + bytes.count))
        let result = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        demand(result == 0, "no address for the manager")
    }

    func receive() -> String {
        var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&event, 1, 10_000) == 1 else { return "nothing within 10 s" }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}
