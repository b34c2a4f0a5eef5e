import ArgumentParser
import Baton
import Systemd

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Which `baton run` is meant.
struct ManagerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Its --pid-file.", valueName: "file"))
    var pidFile: String?

    @Option(
        help: ArgumentHelp(
            "Its --control. (default: PID-FILE.control, or without --pid-file $RUNTIME_DIRECTORY/baton-run, which systemd sets in ExecReload=)",
            valueName: "path"
        )
    )
    var control: String?

    @Option(help: ArgumentHelp("How long to wait. (default: for ever)", valueName: "seconds"))
    var timeout: Double?

    func validate() throws { try Self.validate(timeout: timeout) }

    static func validate(timeout: Double?) throws {
        if let timeout, !(timeout > 0 && timeout <= 31_536_000) {
            throw ValidationError("--timeout \(timeout): it is a number of seconds above 0, up to 31536000 (a year)")
        }
    }

    /// Where its control socket is.
    func controlPath() throws -> String {
        if let control { return control }
        if let pidFile {
            let manager = try RunningManager(pidFile: pidFile)
            guard let path = manager.controlPath else {
                throw RunningManager.Failure(
                    "process \(manager.pid) of --pid-file \(pidFile) has no control socket at "
                        + "\(ControlProtocol.path(besidePIDFile: pidFile)); is it a baton run? else give --control"
                )
            }
            return path
        }
        let runtime = environmentValue("RUNTIME_DIRECTORY")
        let name = ControlProtocol.managerSocketName
        if let path = ControlProtocol.path(inRuntimeDirectory: runtime, named: name) { return path }
        throw ValidationError("which one? give --pid-file or --control; in a unit, RuntimeDirectory= sets it")
    }

    /// The process, by its pid file.
    func manager() throws -> RunningManager {
        guard let pidFile else { throw ValidationError("which one? give --pid-file") }
        return try RunningManager(pidFile: pidFile)
    }

    /// Asks it, and reports a failure.
    func ask(_ question: String, as name: String) throws -> String {
        try reporting(as: name) {
            switch ControlQuestion.ask(question, at: try controlPath(), timeout: timeout) {
            case .done: return ""
            case .said(let text): return text
            case .failed(let reason): throw RunningManager.Failure(reason)
            }
        }
    }

    /// Says on standard error what has failed.
    func reporting<Result>(as name: String, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let failure as RunningManager.Failure {
            var lines = ErrorLines()
            lines.write("baton \(name): \(failure)", isError: true)
            throw ExitCode.failure
        }
    }
}
