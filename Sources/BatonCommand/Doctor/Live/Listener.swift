import CProcess

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A socket that listens, as the kernel has it.
struct Listener: Equatable {
    /// As systemd writes it: `[::]:8080`, `127.0.0.1:8080`, or the path of a UNIX socket.
    let address: String
    /// How many connections may wait.
    let limit: UInt32

    /// All of this network namespace.
    ///
    /// - Throws: ``ToolRun/Failure``, where the kernel does not tell.
    static func all() throws(ToolRun.Failure) -> [Listener] {
        var found: [Listener] = []
        let result = withUnsafeMutablePointer(to: &found) { list in
            cprocess_listeners(
                { listener, context in
                    guard let listener, let context else { return }
                    let list = context.assumingMemoryBound(to: [Listener].self)
                    if let one = Listener(listener.pointee) { list.pointee.append(one) }
                },
                list
            )
        }
        guard result == 0 else {
            throw ToolRun.Failure(description: "sock_diag(7): \(String(cString: strerror(-result)))")
        }
        return found
    }

    init(address: String, limit: UInt32) {
        (self.address, self.limit) = (address, limit)
    }

    private init?(_ listener: cprocess_listener) {
        var listener = listener
        limit = listener.limit
        if listener.family == AF_UNIX {
            address = withUnsafeBytes(of: &listener.path) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if address.isEmpty { return nil }
            return
        }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(listener.family, &listener.address, &text, socklen_t(text.count)) != nil else { return nil }
        let host = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        address = listener.family == AF_INET6 ? "[\(host)]:\(listener.port)" : "\(host):\(listener.port)"
    }
}
