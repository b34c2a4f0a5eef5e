internal import CProcess
internal import CSystemdTestKit
internal import Foundation
internal import Systemd

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The socket that `NOTIFY_SOCKET` names, and the thread that reads it. Thread-safe.
final class NotifySocket: Sendable {
    let path: String
    private let stop: CInt

    /// Binds the socket and starts to read it.
    init(path: String, core: ManagerCore) throws {
        let descriptor = testkit_socket(-1, AF_UNIX, SocketConstants.datagram)
        var ends: [CInt] = [-1, -1]
        guard descriptor >= 0, cprocess_ask_for_senders(descriptor) == 0, Self.bind(descriptor, to: path),
            socketpair(AF_UNIX, SocketConstants.stream, 0, &ends) == 0
        else { throw FakeServiceManagerError("no notify socket at \(path): \(String(cString: strerror(errno)))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        self.path = path
        let (stop, stopped) = (ends[0], ends[1])
        self.stop = stop
        Thread.detachNewThread {
            Self.read(descriptor, until: stopped, core)
            close(descriptor)
            close(stopped)
        }
    }

    deinit {
        // The thread finds the other end hung up.
        close(stop)
        unlink(path)
    }

    private static func bind(_ descriptor: CInt, to path: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            errno = ENAMETOOLONG
            return false
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bindSocket(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        } == 0
    }

    private static func read(_ socket: CInt, until stop: CInt, _ core: ManagerCore) {
        while true {
            let watched = core.store.withLock { $0.entries.filter(\.isWatched).map(\.descriptor) }
            var entries = [
                pollfd(fd: stop, events: 0, revents: 0), pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
            ]
            entries += watched.map { pollfd(fd: $0, events: 0, revents: 0) }
            let ready = poll(&entries, numericCast(entries.count), -1)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0, entries[0].revents == 0 else { return }
            // Messages first, and then look again: what they remove need not hang up, and what they add may get its number.
            if entries[1].revents != 0 {
                while receive(socket, core) {}
                continue
            }
            let gone = Set(entries.dropFirst(2).filter { $0.revents != 0 }.map(\.fd))
            core.store.withLock { $0.remove { gone.contains($0.descriptor) } }
        }
    }

    /// Receives one message; false if there is none.
    private static func receive(_ socket: CInt, _ core: ManagerCore) -> Bool {
        // PID 1 has room for 4096 bytes.
        var bytes = [UInt8](repeating: 0, count: 4096)
        var descriptors = [CInt](repeating: -1, count: Int(cprocess_most_descriptors))
        var (sender, count, isTruncated) = (cprocess_sender(), UInt32(0), false)
        let length = cprocess_receive_message(socket, &bytes, bytes.count, &sender, &descriptors, &count, &isTruncated)
        guard length >= 0 else { return length == -Int(EINTR) }
        core.receive(
            Array(bytes.prefix(length)),
            isTruncated: isTruncated,
            sender: sender.pid > 0 ? sender.pid : nil,
            descriptors: Array(descriptors.prefix(Int(count)))
        )
        return true
    }
}

/// `bind(2)`, which the method of the same name hides.
private func bindSocket(_ socket: CInt, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> CInt {
    bind(socket, address, length)
}
