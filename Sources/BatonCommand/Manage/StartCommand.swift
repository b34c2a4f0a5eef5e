import ArgumentParser

/// `baton start`: `baton run` in the background.
struct StartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Start baton run in the background; return when the program serves, and fail if it does not.",
        discussion: """
            As baton run --daemonize, whose options it takes; --pid-file and --log-file are needed.

              baton start --port 8080 --pid-file /run/server.pid \\
                  --log-file /var/log/server.log -- ./server

            EXIT STATUS
              0    the first generation serves
              else as of baton run, with the reason on standard error
            """
    )

    @OptionGroup var arguments: RunCommand

    func run() throws {
        var command = arguments
        command.options.daemonize = true
        guard command.options.pidFile != nil else {
            throw ValidationError("--pid-file is needed: else nothing could find what was started")
        }
        try command.validate()
        try command.run()
    }
}
