import ArgumentParser
import Baton

/// `baton restart`: has `baton run` start the next generation, and waits until it serves.
struct RestartGenerationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Have baton run start the next generation; return when it serves, and fail if it does not.",
        discussion: """
            The old generation serves until the next one is ready. If that fails, it goes on, and this says why: the program \
            is missing, ended at once, or was not ready in time.

              baton restart --pid-file /run/server.pid
              ExecReload=/usr/local/bin/baton restart

            EXIT STATUS
              0    the next generation serves
              1    it does not, and the old one goes on; or nobody could be asked.
                   Standard error says why
              64   wrong usage
            """
    )

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Wait until the old generations have ended, too.")
    var untilDrained = false

    func run() throws {
        let question = untilDrained ? ControlProtocol.restartUntilDrained : ControlProtocol.restart
        _ = try manager.ask(question, as: "restart")
    }
}
