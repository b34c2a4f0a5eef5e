import Baton
import CProcess
import SystemPackage
import Systemd

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Everything that has to work before the first generation is started, in the order in which it can do the least harm.
final class ManagerSetup {
    /// Why nothing was started.
    struct Failure: Error, CustomStringConvertible {
        let description: String
        /// What to exit with.
        let status: CInt

        init(_ description: String, status: CInt) {
            self.description = description
            self.status = status
        }
    }

    let options: RunOptions
    let name: String
    let command: [String]
    let environment: [String: String]
    /// The working directory, by its name.
    let directory: String?
    let notifier: ServiceNotifier
    let watchdog: WatchdogTimeout?
    var pidFile: PidFile?
    let sockets: SupervisedSockets
    let controlPath: String?
    /// Where there is to be a symbolic link to the control socket, for those who know the pid file.
    let controlLink: String?
    let logPID: CInt?
    /// Where the process in the foreground waits to hear that the first generation is ready.
    let report: StartReport?

    /// What tells a process of its service manager and its sockets; each generation is told something else.
    private static let toldByManager =
        PassedSockets.variables + ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "FDSTORE", OwnManager.variable]

    /// Whether the service manager ends the generations if this process is killed. Another `baton run` does not.
    var isUnderServiceManager: Bool { !isGeneration && (isNotified || sockets.areInherited) }
    private let isNotified: Bool
    /// Whether this process is itself a generation of a `baton run`.
    private let isGeneration: Bool

    /// - Parameter name: What this process calls itself: `baton run` or `start_server`.
    init(_ options: RunOptions, command: [String], name: String) throws(Failure) {
        self.options = options
        self.name = name
        self.command = command
        var lines = ErrorLines()
        isNotified = environmentValue("NOTIFY_SOCKET") != nil
        isGeneration = environmentValue(OwnManager.variable) == "\(getppid())"
        notifier = ServiceNotifier.take()
        do { watchdog = try WatchdogTimeout.take() } catch { throw Failure("\(error)", status: 78) }
        // A second instance must find the first one's lock before it touches anything of it.
        if let path = options.pidFile {
            do { pidFile = try PidFile(locking: path) } catch { throw Failure(error.description, status: 1) }
        }
        lines.write("\(name) (pid:\(getpid())) starting now...")
        do { sockets = try SupervisedSockets(options) { lines.write($0) } } catch let error as ActivationError {
            throw Failure("\(error)", status: error.errno.map(\.rawValue) ?? 1)
        } catch { throw Failure("\(error)", status: 1) }

        // Everything that was ours alone has been taken out of it.
        environment = ProcessEnvironment.variables.filter { !Self.toldByManager.contains($0.key) }
            .merging(options.variables) { $1 }
        directory = ProcessEnvironment.workingDirectory(environment)
        let inRuntimeDirectory = ControlProtocol.path(
            inRuntimeDirectory: environment["RUNTIME_DIRECTORY"],
            named: ControlProtocol.managerSocketName
        )
        let besidePIDFile = options.pidFile.map { ControlProtocol.path(besidePIDFile: $0) }
        // The commands of a unit know the runtime directory. Where systemd has not started this process itself, that is somebody else's.
        let isStartedByIt =
            environment["SYSTEMD_EXEC_PID"].map { $0 == "\(getpid())" }
            // Before systemd 248.
            ?? (environment["INVOCATION_ID"] != nil && getppid() == 1)
        let isOfUnit = !isGeneration && (isNotified || sockets.areInherited || isStartedByIt)
        let standard =
            isOfUnit ? inRuntimeDirectory ?? besidePIDFile : besidePIDFile ?? inRuntimeDirectory
        controlPath = options.control ?? standard
        controlLink = isOfUnit && options.control == nil && inRuntimeDirectory != nil ? besidePIDFile : nil

        var log: LogTarget?
        if let target = options.logFile {
            do { log = try LogTarget(target) } catch { throw Failure(error.description, status: 1) }
        }
        if options.daemonize {
            let keepsInput = sockets.entries.contains { $0.number == 0 }
            var descriptor: CInt = -1
            let failure = cprocess_daemonize(keepsInput, &descriptor)
            guard failure == 0 else { throw Failure("--daemonize: \(Errno(rawValue: -failure))", status: 1) }
            report = StartReport(descriptor)
        } else {
            report = nil
        }
        // The process in the foreground keeps its standard error, to say why nothing was started. A command is started here, by the
        // process whose child it is to be.
        do { logPID = try log?.redirect(inBackground: options.daemonize) } catch {
            report?.end(with: 1, saying: "\(name): \(error)\n")
            throw Failure(error.description, status: 1)
        }
    }
}
