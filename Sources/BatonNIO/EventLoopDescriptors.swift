#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The descriptors of the event loops themselves, which SwiftNIO does not make close-on-exec on Linux.
package enum EventLoopDescriptors {
    /// Makes them close-on-exec, so that a child does not keep this process's event loops.
    ///
    /// To be called when the loops run, and before there are children. It touches only what nobody gives to a child on
    /// purpose: epoll instances, eventfds and timers (proc_pid_fd(5)).
    package static func closeOnExec() {
        #if os(Linux)
        guard let folder = opendir("/proc/self/fd") else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let descriptor = CInt(name), kinds.contains(target(of: descriptor)) else { continue }
            _ = fcntl(descriptor, F_SETFD, fcntl(descriptor, F_GETFD) | FD_CLOEXEC)
        }
        #endif
    }

    #if os(Linux)
    private static let kinds: Set<String> = ["anon_inode:[eventpoll]", "anon_inode:[eventfd]", "anon_inode:[timerfd]"]

    private static func target(of descriptor: CInt) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            guard let start = buffer.baseAddress else { return "" }
            let count = readlink("/proc/self/fd/\(descriptor)", start, buffer.count)
            return String(decoding: buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }
    #endif
}
