import ArgumentParser
import Baton

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// `baton run`: holds listen sockets and replaces the program behind them.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Hold listen sockets, and replace the program behind them without losing a request.",
        discussion: """
            HUP starts the next generation beside the old one, waits until it is ready, and tells the old one to drain. TERM \
            tells all to drain, and ends when they have. If the next generation cannot start, the old one goes on.

            The program finds its sockets in LISTEN_FDS (sd_listen_fds) and in SERVER_STARTER_PORT, whichever it knows, and \
            may say READY=1 and more to NOTIFY_SOCKET (sd_notify). In LISTEN_FDNAMES they are tcp-8080, udp-8080 or the path; \
            under systemd they are those of the socket units, with their names. HTTP/1.1 connections of a program built with \
            Baton go over to the next generation.

              baton run --port 8080 -- ./server
              baton run --port 8080 --pid-file /run/server.pid -- ./server --verbose
              baton restart --pid-file /run/server.pid

            A link to baton with the name start_server takes the same options, as a replacement for Server::Starter.

            EXIT STATUS
              0        stopped by TERM or INT
              1        the program did not become ready, or something that is needed for
                       that did not work
              64       wrong usage
              126, 127 the program cannot be executed, or is not there
              other    the errno of a socket that could not be opened, as 98 (EADDRINUSE)
            """
    )

    @OptionGroup var options: RunOptions

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("The program and its arguments, behind --.", valueName: "program")
    )
    var program: [String] = []

    func validate() throws {
        if options.daemonize, options.logFile == nil {
            throw ValidationError("--daemonize needs --log-file: in the background nobody reads standard error")
        }
        guard !program.isEmpty else { throw ValidationError("server program not specified: put it behind --") }
    }

    func run() throws {
        throw ExitCode(Self.serve(options, program, name: "baton run"))
    }

    /// - Parameter name: What this process calls itself.
    /// - Returns: The exit status.
    static func serve(_ options: RunOptions, _ command: [String], name: String) -> CInt {
        StandardDescriptors.open()
        var report: StartReport?
        do throws(ManagerSetup.Failure) {
            let setup = try ManagerSetup(options, command: command, name: name)
            report = setup.report
            return try Manager(setup).run()
        } catch {
            var lines = ErrorLines()
            lines.write("\(name): \(error)", isError: true)
            report?.end(with: UInt8(clamping: error.status), saying: "\(name): \(error)\n")
            return error.status
        }
    }
}
