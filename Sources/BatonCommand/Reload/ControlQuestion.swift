import Baton
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

/// Asks one question on a control socket, and waits for the answer.
enum ControlQuestion {
    /// - Parameters:
    ///   - question: A line, without its end.
    ///   - path: Where the socket is.
    ///   - timeout: How many seconds to wait; nil is for ever.
    /// - Returns: The answer; where there was none, why.
    static func ask(_ question: String, at path: String, timeout: Double?) -> ControlProtocol.Answer {
        let deadline = timeout.map { ContinuousClock.now + .seconds($0) }
        let descriptor = socket(AF_UNIX, SocketConstants.stream, 0)
        guard descriptor >= 0 else { return .failed("socket(2): \(Errno(rawValue: errno))") }
        defer { close(descriptor) }
        guard connect(descriptor, to: path) else {
            return .failed(
                "the service cannot be reached at \(path): \(Errno(rawValue: errno)); it does not run, or cannot be asked"
                    + " that: for a reload a program has to have a Lifecycle.reload"
            )
        }
        let line = question + "\n"
        _ = line.utf8.withContiguousStorageIfAvailable { cprocess_write_line(descriptor, $0.baseAddress, $0.count) }
        var answer: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 4096)
        while answer.last != UInt8(ascii: "\n"), answer.count <= ControlProtocol.longestAnswer {
            let left = deadline.map { CInt(clamping: max(.zero, $0 - .now).milliseconds + 1) } ?? -1
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&entry, 1, left)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else {
                return .failed("no answer within \(timeout ?? 0) s (--timeout); it may still be at work")
            }
            let count = read(descriptor, &bytes, bytes.count)
            guard count > 0 else { break }
            answer += bytes.prefix(count)
        }
        guard answer.last == UInt8(ascii: "\n") else { return .failed("the service went away before it had answered") }
        let text = String(decoding: answer.dropLast(), as: UTF8.self)
        return ControlProtocol.Answer(line: text) ?? .failed("the answer is not understood: '\(text)'")
    }

    private static func connect(_ descriptor: CInt, to path: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            errno = ENAMETOOLONG
            return false
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                systemConnect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        } == 0
    }
}
