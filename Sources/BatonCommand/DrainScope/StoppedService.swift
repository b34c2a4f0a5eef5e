internal import Systemd

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The service whose `ExecStop=` this process is.
struct StoppedService {
    /// With `.service`.
    let name: String
    let unit: ServiceUnit
    let group: ControlGroup
    /// The process of `ExecStop=`: this one, or the shell that has started it.
    let control: CInt

    /// - Throws: ``Refusal`` if this process is none; ``ServiceManagerError``.
    init(group: ControlGroup, manager: borrowing ServiceManager) throws {
        unit = try manager.unit(of: getpid())
        name = try manager.text("Id", .unit, of: unit)
        self.group = group
        let told = try manager.text("ControlGroup", .service, of: unit)
        guard told == group.path else {
            throw Refusal("this process is in the cgroup \(group.path), but that of \(name) is '\(told)'")
        }
        control = CInt(truncatingIfNeeded: try manager.number("ControlPID", .service, of: unit))
        guard control > 0, Self.isSelfOrAncestor(control) else {
            throw Refusal(
                "systemd runs no command of \(name) that this process belongs to; it runs as ExecStop= of a service"
            )
        }
    }

    /// The type of the job that stops it; nil if it has ended by itself.
    func jobType(_ manager: borrowing ServiceManager) throws(ServiceManagerError) -> String? {
        try manager.jobType(of: unit)
    }

    /// The processes that are to drain; nil if there are none.
    func draining(_ manager: borrowing ServiceManager) throws -> DrainingProcesses? {
        let main = CInt(truncatingIfNeeded: try manager.number("MainPID", .service, of: unit))
        guard main > 0 else { return nil }
        return DrainingProcesses(
            try group.processes().compactMap(ProcessEntry.init(pid:)),
            main: main,
            control: control
        )
    }

    private static func isSelfOrAncestor(_ pid: CInt) -> Bool {
        var current = getpid()
        while current > 1 {
            if current == pid { return true }
            guard let entry = ProcessEntry(pid: current) else { return false }
            current = entry.parent
        }
        return false
    }
}
