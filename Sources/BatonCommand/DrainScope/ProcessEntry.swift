/// What `/proc` says of a process.
struct ProcessEntry: Hashable {
    let pid: CInt
    let parent: CInt
    /// The program's name, as `ps` has it.
    let name: String
    /// When it was started, in clock ticks since boot.
    let start: UInt64

    init(pid: CInt, parent: CInt, name: String, start: UInt64) {
        self.pid = pid
        self.parent = parent
        self.name = name
        self.start = start
    }

    /// - Parameter stat: The text of a `/proc/PID/stat` (proc_pid_stat(5)). Nil for a process that has ended.
    init?(stat: String) {
        // The name is in parentheses, and may have some.
        guard let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")"), open < close else { return nil }
        let fields = stat[stat.index(after: close)...].split { $0 == " " || $0 == "\n" }
        guard fields.count > 19, let pid = CInt(stat[..<open].filter { $0 != " " }), let parent = CInt(fields[1]),
            let start = UInt64(fields[19]), !["Z", "X", "x"].contains(fields[0])
        else { return nil }
        self.init(pid: pid, parent: parent, name: String(stat[stat.index(after: open)..<close]), start: start)
    }

    /// Reads it; nil if there is no such process any more.
    init?(pid: CInt) {
        guard let stat = try? SmallFile.read("/proc/\(pid)/stat") else { return nil }
        self.init(stat: stat)
    }
}
