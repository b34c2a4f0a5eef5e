import ArgumentParser

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// `baton stop`: ends `baton run`, and waits until it has ended.
struct StopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Stop baton run: every generation drains. Return when it has ended, and fail if it does not.",
        discussion: """
              baton stop --pid-file /run/server.pid --timeout 60

            EXIT STATUS
              0    it has ended
              1    it has not within --timeout, or it does not run;
                   standard error says which
              64   wrong usage
            """
    )

    @OptionGroup var manager: ManagerOptions

    func run() throws {
        try manager.reporting(as: "stop") {
            try manager.manager().end(by: SIGTERM, within: manager.timeout)
        }
    }
}
