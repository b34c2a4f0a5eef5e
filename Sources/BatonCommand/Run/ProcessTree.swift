import Glibc

/// What the kernel tells of processes and their parents, from proc(5).
enum ProcessTree {
    /// Whether `pid` is `ancestor`, its child, its child's child, ….
    static func isProcess(_ pid: CInt, partOf ancestor: CInt) -> Bool {
        var current = pid
        for _ in 0..<64 where current > 1 {
            if current == ancestor { return true }
            guard let parent = parent(of: current) else { return false }
            current = parent
        }
        return current == ancestor
    }

    /// The process's parent; nil if it is gone.
    static func parent(of pid: CInt) -> CInt? {
        // "1234 (any name) S 1 …": the name may have brackets and spaces in it.
        guard let text = read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 1 ? CInt(fields[1]) : nil
    }

    /// The process's control group; nil where there is none, or the process is gone.
    static func controlGroup(of pid: CInt) -> String? {
        read("/proc/\(pid)/cgroup")
    }

    private static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(file, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }
}
