internal import CProcess
internal import Systemd

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// How this process was started, so that its successor can be started in the same way.
package struct StartRecord: Sendable {
    /// The program as it was called, and its arguments. Looked up again for a successor: never what runs now, which may be
    /// deleted or the target of a link that has moved.
    package var command: [String]
    /// The environment, without what is meant for one process only.
    package var environment: [String: String]
    /// The variables that have this process's number, and are to have the successor's.
    package var pidVariables: [String]
    /// The working directory as it was called: `PWD` if that is right, with its symbolic links.
    package var directory: String?

    /// systemd's word for which process it has started (248).
    private static let mainProcess = "SYSTEMD_EXEC_PID"

    /// What a successor is not to have as this process had it.
    private static let dropped = Set(
        PassedSockets.variables + [Predecessor.variable, OwnManager.variable, "WATCHDOG_PID"]
    )

    package init(command: [String], environment: [String: String], pidVariables: [String], directory: String?) {
        self.command = command
        self.environment = environment
        self.pidVariables = pidVariables
        self.directory = directory
    }

    /// Why a successor cannot outlive this process; nil if it can, as far as this process knows.
    ///
    /// - Parameter isManagerTold: Whether a service manager is told which process is the main one.
    package func refusalToEnd(isManagerTold: Bool) -> String? {
        refusalToEnd(isManagerTold: isManagerTold, pid: getpid())
    }

    /// - Parameter pid: This process.
    func refusalToEnd(isManagerTold: Bool, pid: CInt) -> String? {
        if pid == 1 {
            return
                "this process is PID 1, with whose end all others end; `baton run` as PID 1 replaces a program at HUP"
        }
        guard !isManagerTold, pidVariables.contains(Self.mainProcess) else { return nil }
        return
            "systemd would end the successor with this process, as it is not told of that one: the unit needs Type=notify"
    }

    /// Reads it. Call it first thing in `main`: what is taken out of the environment later is in it, and the working directory
    /// is that of the start.
    package static func read() -> StartRecord {
        let all = ProcessEnvironment.variables
        return StartRecord(
            command: CommandLine.arguments,
            environment: all,
            pid: getpid(),
            directory: ProcessEnvironment.workingDirectory(all)
        )
    }

    /// - Parameters:
    ///   - environment: All of it.
    ///   - pid: The process that was started with it.
    init(command: [String], environment: [String: String], pid: CInt, directory: String?) {
        var kept = environment.filter { !Self.dropped.contains($0.key) }
        var pidVariables = ["LISTEN_PID"]
        if kept["WATCHDOG_USEC"] != nil {
            if environment["WATCHDOG_PID"].map({ $0 == "\(pid)" }) ?? true {
                pidVariables.append("WATCHDOG_PID")
            } else {
                kept["WATCHDOG_USEC"] = nil
            }
        }
        if kept.removeValue(forKey: Self.mainProcess) == "\(pid)" { pidVariables.append(Self.mainProcess) }
        self.init(command: command, environment: kept, pidVariables: pidVariables, directory: directory)
    }
}
