import ArgumentParser

/// The command `baton`: one subcommand for each tool around a restart.
@main
struct BatonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "baton",
        abstract: "Tools around restarting a server without losing a request.",
        subcommands: [ProbeCommand.self, ReloadCommand.self, DrainScopeCommand.self]
    )
}
