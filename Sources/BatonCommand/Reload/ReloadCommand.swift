import ArgumentParser
import Baton
import Systemd

/// `baton reload`: has a running service re-read its configuration, and waits until that is done.
struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have a service re-read its configuration; return when it has, and fail if it could not.",
        discussion: """
            For ExecReload= of a service that is built with Baton and has a RuntimeDirectory=:

              [Service]
              RuntimeDirectory=app
              ExecReload=/usr/local/bin/baton reload

            EXIT STATUS
              0    reloaded
              1    the service could not reload and goes on as before, or could not be
                   asked; standard error says why
              64   wrong usage
            """
    )

    @Option(
        help: ArgumentHelp(
            "The service's control socket. (default: the one in $RUNTIME_DIRECTORY, which systemd sets in ExecReload=)",
            valueName: "path"
        )
    )
    var socket: String?

    @Option(help: ArgumentHelp("How many seconds to wait for the service.", valueName: "seconds"))
    var timeout = 60.0

    func validate() throws {
        guard timeout > 0, timeout <= 86_400 else {
            throw ValidationError("--timeout \(timeout): it is a number of seconds above 0, up to 86400 (a day)")
        }
        _ = try path()
    }

    func run() throws {
        switch ControlQuestion.ask(ControlProtocol.reload, at: try path(), timeout: timeout) {
        case .done, .said: break
        case .failed(let reason):
            var lines = ErrorLines()
            lines.write("baton reload: \(reason)", isError: true)
            throw ExitCode.failure
        }
    }

    private func path() throws -> String {
        if let socket { return socket }
        let variable = environmentValue("RUNTIME_DIRECTORY")
        guard let path = ControlProtocol.path(inRuntimeDirectory: variable) else {
            throw ValidationError(
                "RUNTIME_DIRECTORY is not set, so --socket is needed; in a unit, RuntimeDirectory= sets it"
            )
        }
        return path
    }
}
