import CProcess
import SystemPackage
import Systemd

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The `NOTIFY_SOCKET` of one generation: what comes here, that generation's processes have said, or it is not heard.
///
/// In Linux' abstract namespace, under a name that the kernel chooses, so that no path has to be writable or taken away.
struct GenerationSocket: ~Copyable {
    /// One message.
    struct Message {
        let assignments: [(name: String, value: String)]
        let descriptors: [CInt]
        let sender: CInt

        subscript(name: String) -> String? { assignments.last { $0.name == name }?.value }
    }

    let descriptor: CInt
    /// What `NOTIFY_SOCKET` says; nil where the system has no such sockets, and nobody is heard.
    let address: String?

    #if !os(Linux)
    init() throws(Errno) {
        descriptor = socket(AF_UNIX, SocketConstants.datagram, 0)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        address = nil
    }
    #else
    /// - Throws: The `Errno` of what did not work.
    init() throws(Errno) {
        let descriptor = socket(
            AF_UNIX,
            SocketConstants.datagram | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue),
            0
        )
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var length = socklen_t(MemoryLayout<sa_family_t>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                // Nothing but the family: the kernel chooses a name (unix(7), "Autobind").
                guard bind(descriptor, address, length) == 0, cprocess_ask_for_senders(descriptor) == 0 else {
                    return errno
                }
                length = socklen_t(MemoryLayout<sockaddr_un>.size)
                return getsockname(descriptor, address, &length) == 0 ? 0 : errno
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw Errno(rawValue: result)
        }
        let name = withUnsafeBytes(of: &address.sun_path) { path in
            String(decoding: path.prefix(Int(length) - 2).dropFirst(), as: UTF8.self)
        }
        self.descriptor = descriptor
        self.address = "@\(name)"
    }
    #endif

    deinit {
        close(descriptor)
    }

    /// Who has sent the next message; nil if there is none.
    borrowing func nextSender() -> CInt? {
        var sender = cprocess_sender()
        return cprocess_next_sender(descriptor, &sender) == 0 ? sender.pid : nil
    }

    /// Throws the next message away: a stranger's descriptors are not even opened.
    borrowing func discard() {
        cprocess_discard_message(descriptor)
    }

    /// What a message was, if there is one.
    enum Reception {
        case nothing
        /// It was cut off, or is no text.
        case unusable
        case message(Message)
    }

    /// The next message. Its descriptors are the caller's.
    borrowing func receive() -> Reception {
        // PID 1 has room for 4096 bytes, too.
        var bytes = [UInt8](repeating: 0, count: 4096)
        var descriptors = [CInt](repeating: -1, count: Int(cprocess_most_descriptors))
        var (sender, count, isTruncated) = (cprocess_sender(), UInt32(0), false)
        let length = cprocess_receive_message(
            descriptor,
            &bytes,
            bytes.count,
            &sender,
            &descriptors,
            &count,
            &isTruncated
        )
        guard length >= 0 else { return .nothing }
        let text = bytes.prefix(length).prefix { $0 != 0 }
        guard !isTruncated, text.count >= length - 1 else {
            for descriptor in descriptors.prefix(Int(count)) { close(descriptor) }
            return .unusable
        }
        let assignments = String(decoding: text, as: UTF8.self).split(separator: "\n").map { line in
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: String(parts[0]), value: parts.count > 1 ? String(parts[1]) : "")
        }
        return .message(
            Message(assignments: assignments, descriptors: Array(descriptors.prefix(Int(count))), sender: sender.pid)
        )
    }
}
