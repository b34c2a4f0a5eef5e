#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The file of `--status-file`: a line `GENERATION:PID` for each generation that serves or drains, as Server::Starter has it.
struct StatusFile {
    let path: String

    /// Replaces it in one step, so that whoever reads it sees all of it.
    ///
    /// - Returns: Whether that worked; if not, `errno` says why.
    func write(_ generations: [(number: Int, pid: CInt)]) -> Bool {
        let temporary = "\(path).\(getpid())"
        let text = generations.sorted { $0.number < $1.number }.map { "\($0.number):\($0.pid)\n" }.joined()
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { return false }
        let count = text.utf8.withContiguousStorageIfAvailable { systemWrite(file, $0.baseAddress, $0.count) } ?? -1
        close(file)
        guard count == text.utf8.count, rename(temporary, path) == 0 else {
            let failure = errno
            unlink(temporary)
            errno = failure
            return false
        }
        return true
    }

    func remove() {
        unlink(path)
    }

    /// What is in such a file, or nil if it cannot be read.
    static func read(_ path: String) -> [(number: Int, pid: CInt)]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = systemRead(file, &bytes, bytes.count)
        guard count >= 0 else { return nil }
        return String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n").compactMap { line in
            let parts = line.split(separator: ":")
            guard parts.count == 2, let number = Int(parts[0]), let pid = CInt(parts[1]) else { return nil }
            return (number, pid)
        }
    }
}
