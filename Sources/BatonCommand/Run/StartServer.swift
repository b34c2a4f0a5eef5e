import ArgumentParser

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// `start_server`: what `baton` is when it is installed as a link of that name, in place of Server::Starter's.
struct StartServer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start_server",
        abstract: "Hold listen sockets, and replace the program behind them (a work-alike of Server::Starter).",
        usage: "start_server [<options>] -- <program> [<argument> ...]",
        discussion: RunCommand.configuration.discussion,
        version: "0.35"
    )

    @OptionGroup var options: RunOptions

    @Flag(
        help:
            "Have the one that runs start a new generation, and wait until it serves alone; needs --pid-file and --status-file."
    )
    var restart = false

    @Flag(help: "Stop the one that runs, and wait until it has ended; needs --pid-file.")
    var stop = false

    @Option(help: ArgumentHelp("How many seconds --restart and --stop wait. (default: for ever)", valueName: "seconds"))
    var timeout: Double?

    @Argument(parsing: .postTerminator)
    var program: [String] = []

    /// Whether this process was started by that name.
    static var isMeant: Bool {
        CommandLine.arguments.first?.split(separator: "/").last == "start_server"
    }

    /// As `main()`, with Server::Starter's exit status for wrong usage.
    static func main() -> Never {
        do {
            var command = try parseAsRoot(GetoptLong.normalized(Array(CommandLine.arguments.dropFirst())))
            try command.run()
            exit()
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            var lines = ErrorLines()
            lines.write("start_server: \(message(for: error))", isError: true)
            systemExit(255)
        }
    }

    func validate() throws {
        try ManagerOptions.validate(timeout: timeout)
    }

    func run() throws {
        if restart {
            guard let pidFile = options.pidFile, let statusFile = options.statusFile else {
                throw ValidationError("--restart option requires --pid-file and --status-file to be set as well")
            }
            let manager = try RunningManager(pidFile: pidFile)
            try manager.restartUntilDrained(statusFile: statusFile, timeout: timeout)
        } else if stop {
            guard let pidFile = options.pidFile else {
                throw ValidationError("--stop option requires --pid-file to be set as well")
            }
            let manager = try RunningManager(pidFile: pidFile)
            var lines = ErrorLines()
            lines.write("stop_server (pid:\(getpid())) stopping now (pid:\(manager.pid))...")
            try manager.end(by: SIGTERM, within: timeout)
        } else {
            if options.daemonize, options.logFile == nil {
                throw ValidationError("--log-file option must be specified together with --daemonize")
            }
            guard !program.isEmpty else { throw ValidationError("server program not specified") }
            throw ExitCode(RunCommand.serve(options, program, name: "start_server"))
        }
    }
}
