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

    /// The process's parent, also of one that has ended and was not waited for; nil if it is gone.
    static func parent(of pid: CInt) -> CInt? {
        // "1234 (any name) S 1 …": the name may have brackets and spaces in it.
        guard let text = try? SmallFile.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 1 ? CInt(fields[1]) : nil
    }

    /// The processes whose parent it is, as far as the kernel shows them; without those that have ended.
    static func children(of pid: CInt) -> [ProcessEntry] {
        SmallFile.folders(in: "/proc").compactMap { CInt($0) }.compactMap(ProcessEntry.init(pid:))
            .filter { $0.parent == pid }
    }

    /// Whether the process is in a scope of `baton drain-scope`, and systemd sees to its end. Any other control group may be one that it
    /// has made itself.
    static func isInDrainScope(_ pid: CInt) -> Bool {
        guard let group = try? SmallFile.read("/proc/\(pid)/cgroup"), let own = try? SmallFile.read("/proc/self/cgroup")
        else { return false }
        // Asked afterwards: whoever has ended is in the root group.
        return ProcessEntry(pid: pid) != nil && isDrainScope(group, besides: own)
    }

    /// Whether this process is in the control group of a service, and systemd ends what is left of that.
    static var isInService: Bool {
        guard let own = try? SmallFile.read("/proc/self/cgroup") else { return false }
        return own.split(whereSeparator: \.isNewline).contains { $0.hasSuffix(".service") }
    }

    /// - Parameters:
    ///   - group: The text of a `/proc/PID/cgroup` (cgroups(7)).
    ///   - own: That of this process, which may be in a scope of such a name itself: its children are where it has started them then.
    static func isDrainScope(_ group: String, besides own: String) -> Bool {
        guard group != own, let name = group.split(separator: "/").last else { return false }
        return name.contains("-drain-") && name.prefix { !$0.isNewline }.hasSuffix(".scope")
    }
}
