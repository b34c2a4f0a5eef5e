import Glibc

/// The service manager's end of sd_notify(3): a datagram socket that knows who sent a message.
final class ManagerSocket: Sendable {
    /// What has arrived.
    struct Message {
        var text = ""
        /// The receiver's own duplicates, close-on-exec.
        var descriptors: [CInt] = []
        /// The sender, as the kernel vouches for it.
        var pid: CInt?
    }

    /// What `NOTIFY_SOCKET` is to be.
    let address: String
    private let descriptor: CInt

    /// Opens the socket.
    ///
    /// - Parameter path: Where in the file system; without it, an abstract address of the kernel's choice.
    init(path: String? = nil) {
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let family = MemoryLayout<sa_family_t>.size
        var length = socklen_t(family)
        if let path {
            let bytes = Array(path.utf8)
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
            length += socklen_t(bytes.count + 1)
        }
        let result = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer -> CInt in
                guard bind(descriptor, pointer, length) == 0 else { return -1 }
                length = socklen_t(MemoryLayout<sockaddr_un>.size)
                return getsockname(descriptor, pointer, &length)
            }
        }
        precondition(result == 0, "no address for the manager: \(String(cString: strerror(errno)))")
        var on: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_PASSCRED, &on, socklen_t(MemoryLayout<CInt>.size))
        let abstract = withUnsafeBytes(of: name.sun_path) { Array($0[1..<(max(Int(length) - family, 1))]) }
        self.address = path ?? "@" + String(decoding: abstract, as: UTF8.self)
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
        if address.hasPrefix("/") { unlink(address) }
    }

    /// The next message, or nil if there is none in time.
    func receive(milliseconds: CInt = 10_000) -> Message? {
        var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&event, 1, milliseconds) == 1 else { return nil }
        var text = [UInt8](repeating: 0, count: 1 << 16)
        var control = [UInt](repeating: 0, count: 512)
        return text.withUnsafeMutableBytes { text in
            control.withUnsafeMutableBytes { control in
                var part = iovec(iov_base: text.baseAddress, iov_len: text.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    var header = msghdr()
                    header.msg_iov = part
                    header.msg_iovlen = 1
                    header.msg_control = control.baseAddress
                    header.msg_controllen = control.count
                    let count = recvmsg(descriptor, &header, CInt(MSG_CMSG_CLOEXEC))
                    guard count >= 0 else { return nil }
                    var message = Message(text: String(decoding: text[..<count], as: UTF8.self))
                    Self.read(UnsafeRawBufferPointer(rebasing: control[..<Int(header.msg_controllen)]), into: &message)
                    return message
                }
            }
        }
    }

    /// The text of the next message; for an expectation, as it is when nothing comes.
    func text() -> String { receive()?.text ?? "nothing within 10 s" }

    /// Sends to it until its queue is full, so that it looks like a manager that does not read.
    func fill() {
        let sender = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
        defer { close(sender) }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = [0] + Array(address.utf8.dropFirst())
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                while sendto(sender, "full", 4, 0, $0, length) == 4 {}
            }
        }
        precondition(errno == EAGAIN, "the queue is not full: \(String(cString: strerror(errno)))")
    }

    private static func read(_ control: UnsafeRawBufferPointer, into message: inout Message) {
        let (header, word) = (MemoryLayout<cmsghdr>.size, MemoryLayout<UInt>.size)
        var offset = 0
        while offset + header <= control.count {
            let part = control.loadUnaligned(fromByteOffset: offset, as: cmsghdr.self)
            let data = UnsafeRawBufferPointer(rebasing: control[(offset + header)..<(offset + Int(part.cmsg_len))])
            if part.cmsg_level == SOL_SOCKET, part.cmsg_type == SCM_RIGHTS {
                message.descriptors = stride(from: 0, to: data.count, by: MemoryLayout<CInt>.size)
                    .map { data.loadUnaligned(fromByteOffset: $0, as: CInt.self) }
            } else {
                // SCM_CREDENTIALS, whose first member is the pid.
                message.pid = data.loadUnaligned(as: CInt.self)
            }
            offset += (Int(part.cmsg_len) + word - 1) / word * word
        }
    }
}
