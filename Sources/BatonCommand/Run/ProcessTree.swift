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
        statistics(of: pid).flatMap { $0.count > 1 ? CInt($0[1]) : nil }
    }

    /// The process's control group; nil where there is none, or the process has ended, whether or not somebody has waited for it.
    static func controlGroup(of pid: CInt) -> String? {
        let group = read("/proc/\(pid)/cgroup")
        // Asked afterwards: whoever has ended is in the root group.
        guard let state = statistics(of: pid)?.first, state != "Z", state != "X" else { return nil }
        return group
    }

    /// What proc(5) says from the process's state on.
    private static func statistics(of pid: CInt) -> [Substring]? {
        // "1234 (any name) S 1 …": the name may have brackets and spaces in it.
        guard let text = read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        return text[text.index(after: end)...].split(separator: " ")
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
