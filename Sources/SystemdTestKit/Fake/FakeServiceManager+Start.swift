internal import Systemd
internal import CSystemdTestKit
internal import Foundation

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension FakeServiceManager {
    /// The variables with which systemd tells a process what it gets, but for `LISTEN_PID` and `WATCHDOG_PID`, which are the
    /// process's own number.
    func environment(names: [String]) -> [String: String] {
        var variables = ["NOTIFY_SOCKET": notifySocket]
        if !names.isEmpty {
            variables["LISTEN_FDS"] = "\(names.count)"
            variables["LISTEN_FDNAMES"] = names.joined(separator: ":")
        }
        if let watchdog {
            let (seconds, attoseconds) = watchdog.components
            variables["WATCHDOG_USEC"] = "\(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)"
        }
        let capacity = core.store.withLock { $0.capacity }
        if capacity > 0 { variables["FDSTORE"] = "\(capacity)" }
        return variables
    }

    /// Starts the next generation as a process of its own, with everything systemd would pass to it, and no other descriptors
    /// but the standard ones of this process.
    ///
    /// - Parameters:
    ///   - program: The path of the program.
    ///   - arguments: Its arguments.
    ///   - environment: Variables besides those of this process; those of a service manager are the manager's alone.
    /// - Returns: The process, which is killed with the last reference to it.
    /// - Throws: ``FakeServiceManagerError`` if it can not be started.
    public func start(
        _ program: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:]
    ) throws -> ServiceProcess {
        guard access(program, X_OK) == 0 else {
            throw FakeServiceManagerError("\(program) can not be started: \(String(cString: strerror(errno)))")
        }
        let passed = try duplicates()
        defer { for (_, descriptor) in passed { close(descriptor) } }
        let names = passed.map(\.name)
        let ofManagers = [
            "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "LISTEN_PIDFDID", "WATCHDOG_USEC",
            "WATCHDOG_PID", "FDSTORE",
        ]
        let variables = ProcessInfo.processInfo.environment
            .merging(environment) { $1 }
            .filter { !ofManagers.contains($0.key) }
            .merging(self.environment(names: names)) { $1 }
        // The number of the process is known only in it, and exec keeps it.
        var own = names.isEmpty ? "" : "export LISTEN_PID=$$; "
        if watchdog != nil { own += "export WATCHDOG_PID=$$; " }
        let script = own + "exec \"$@\""
        let pid = try Self.spawn(
            ["/bin/sh", "-c", script, "sh", program] + arguments,
            variables.map { "\($0.key)=\($0.value)" },
            passed.map(\.descriptor)
        )
        return ServiceProcess(pid: pid)
    }

    private static func spawn(_ arguments: [String], _ environment: [String], _ descriptors: [CInt]) throws -> CInt {
        func copy(_ strings: [String]) -> [UnsafeMutablePointer<CChar>?] { strings.map { strdup($0) } + [nil] }
        let (arguments, environment) = (copy(arguments), copy(environment))
        defer { for string in arguments + environment { free(string) } }
        var pid: pid_t = 0
        let result = testkit_spawn("/bin/sh", arguments, environment, descriptors, UInt32(descriptors.count), &pid)
        guard result == 0 else {
            throw FakeServiceManagerError("/bin/sh can not be started: \(String(cString: strerror(-result)))")
        }
        return pid
    }
}
