import CProcess
import Systemd

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the running manager and the kernel say of a service and its sockets.
struct LiveState {
    /// Something of an earlier generation, and for how long it has been one.
    struct Leftover: Equatable {
        /// The scope, or the process.
        let name: String
        let age: Duration
        /// What ends it.
        let command: String
    }

    /// The properties of each unit, as `systemctl show` has them.
    var properties: [UnitName: [String: [String]]] = [:]
    var leftovers: [Leftover] = []
    /// Nil where the kernel does not tell.
    var listeners: [Listener]?
    /// The limit of all backlogs; nil where it cannot be read.
    var mostWaiting: UInt32?

    func property(_ name: String, of unit: UnitName) -> String? { properties[unit]?[name]?.first }

    /// Asks for all of it.
    ///
    /// - Parameter unchecked: Gets what could not be learned.
    static func read(
        _ examination: Examination,
        _ systemctl: Systemctl,
        unchecked: inout [Examination.Unchecked]
    ) throws(ToolRun.Failure) -> LiveState {
        var state = LiveState()
        let wanted = [
            "LoadState", "ActiveState", "SubState", "Result", "NeedDaemonReload", "UnitFileState", "Listen", "MainPID",
            "ControlGroup", "NFileDescriptorStore", "FileDescriptorStoreMax", "TimeoutStopUSec",
        ]
        // A template is nothing that runs.
        for unit in [examination.service] + examination.sockets where !unit.name.isTemplate {
            state.properties[unit.name] = try systemctl.show(unit.name, wanted)
        }
        state.leftovers = try drainScopes(of: examination.service.name, systemctl) + state.oldProcesses(examination)
        do { state.listeners = try Listener.all() } catch {
            unchecked.append(.init(what: "the backlogs in force", why: error.description))
        }
        do {
            let text = try SmallFile.read("/proc/sys/net/core/somaxconn")
            state.mostWaiting = UInt32(text.prefix { $0.isNumber })
        } catch { unchecked.append(.init(what: "net.core.somaxconn", why: "\(error)")) }
        return state
    }

    private static func drainScopes(
        of service: UnitName,
        _ systemctl: Systemctl
    ) throws(ToolRun.Failure) -> [Leftover] {
        var found: [Leftover] = []
        // In a pattern, a backslash takes the meaning from what follows it.
        let pattern = "\(service.stem)-drain-*.scope".split(separator: "\\", omittingEmptySubsequences: false)
            .joined(separator: "\\\\")
        for scope in try systemctl.scopes(pattern) {
            let output = try systemctl.run(["show", "--property=ActiveEnterTimestampMonotonic", "--", scope])
            let start = Systemctl.properties(output)["ActiveEnterTimestampMonotonic"]?.first.flatMap(Int64.init) ?? 0
            // One that has gone meanwhile has none.
            guard start > 0 else { continue }
            let age = Duration.microseconds(monotonicMicroseconds() - start)
            found.append(Leftover(name: scope, age: age, command: "systemctl stop \(scope)"))
        }
        return found
    }

    private func oldProcesses(_ examination: Examination) -> [Leftover] {
        let service = examination.service.name
        guard let main = property("MainPID", of: service).flatMap(CInt.init), let mainEntry = ProcessEntry(pid: main),
            let path = property("ControlGroup", of: service), !path.isEmpty,
            let pids = try? ControlGroup(path: path).processes()
        else { return [] }
        let old = OldProcesses(
            pids.compactMap(ProcessEntry.init(pid:)),
            main: mainEntry,
            isSupervised: examination.program.isSupervised
        )
        let ticks = Double(sysconf(CInt(_SC_CLK_TCK)))
        // Processes count their start from there (proc_pid_stat(5)).
        let boot = Double(cprocess_clock(CInt(CLOCK_BOOTTIME))) / 1e9
        let age = Duration.seconds(max(0, boot - Double(old.since) / ticks))
        return old.entries.map {
            Leftover(name: "process \($0.pid) (\($0.name))", age: age, command: "kill \($0.pid)")
        }
    }

    private static func monotonicMicroseconds() -> Int64 { cprocess_clock(CInt(CLOCK_MONOTONIC)) / 1000 }
}
