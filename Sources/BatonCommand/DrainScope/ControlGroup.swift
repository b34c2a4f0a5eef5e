/// A cgroup of version 2, by its path in the hierarchy.
struct ControlGroup: Equatable {
    /// As in `/system.slice/app.service`.
    let path: String

    private static let mount = "/sys/fs/cgroup"
    /// Where systemd puts control processes of a unit with `Delegate=`.
    private static let control = ".control"

    /// Whether the machine has nothing but version 2: there processes are in one cgroup, which is that of their unit.
    static var isUnified: Bool { (try? SmallFile.read("\(mount)/cgroup.controllers")) != nil }

    /// That of this process; nil if it is in none of version 2.
    static func own() throws(SmallFileError) -> ControlGroup? {
        ControlGroup(processFile: try SmallFile.read("/proc/self/cgroup"))
    }

    init(path: String) {
        self.path = path
    }

    /// - Parameter processFile: The text of a `/proc/PID/cgroup`.
    init?(processFile: String) {
        guard let line = processFile.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) else { return nil }
        self.init(path: String(line.dropFirst("0::".count)))
    }

    /// That of the unit, if this is the one in it for control processes.
    var withoutControl: ControlGroup {
        let suffix = "/\(Self.control)"
        return path.hasSuffix(suffix) ? ControlGroup(path: String(path.dropLast(suffix.count))) : self
    }

    /// Whether it is that of a service, going by its name.
    var isOfService: Bool { path.hasSuffix(".service") }

    /// The processes in it and, with `Delegate=`, in those below it; but not the control processes there.
    func processes() throws(SmallFileError) -> [CInt] {
        var found = try SmallFile.read("\(Self.mount)\(path)/cgroup.procs").split(separator: "\n").compactMap {
            CInt($0)
        }
        for folder in SmallFile.folders(in: "\(Self.mount)\(path)") where folder != Self.control {
            // One that has gone meanwhile had no processes.
            if let more = try? ControlGroup(path: "\(path)/\(folder)").processes() { found += more }
        }
        // 0 is a process of another pid namespace.
        return found.filter { $0 > 0 }
    }
}
