import ArgumentParser
import Dispatch

/// The command `baton`: one subcommand for each tool around a restart.
struct BatonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "baton",
        abstract: "Tools around restarting a server without losing a request.",
        subcommands: [RunCommand.self, ProbeCommand.self, ReloadCommand.self]
    )
}

@main
enum Main {
    /// Not asynchronous: `baton run` starts processes, and needs one thread, which is the first one.
    static func main() {
        do {
            var command = try BatonCommand.parseAsRoot()
            guard command is any AsyncParsableCommand else { return try command.run() }
            Task { await BatonCommand.main() }
            dispatchMain()
        } catch {
            BatonCommand.exit(withError: error)
        }
    }
}
