import ArgumentParser
import Dispatch

/// The command `baton`: one subcommand for each tool around a restart.
struct BatonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "baton",
        abstract: "Tools around restarting a server without losing a request.",
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "Generations of a program:",
                subcommands: [
                    RunCommand.self, StartCommand.self, StopCommand.self, RestartGenerationCommand.self,
                    StatusCommand.self,
                    KillCommand.self,
                ]
            ),
            CommandGroup(
                name: "For units:",
                subcommands: [UnitsCommand.self, RolloverCommand.self, ReloadCommand.self, DrainScopeCommand.self]
            ),
            CommandGroup(name: "To check a server:", subcommands: [DoctorCommand.self, ProbeCommand.self]),
        ]
    )
}

@main
enum Main {
    /// Not asynchronous: `baton run` starts processes, and needs one thread, which is the first one.
    static func main() {
        if StartServer.isMeant { StartServer.main() }
        do {
            var command = try BatonCommand.parseAsRoot(arguments)
            guard command is any AsyncParsableCommand else { return try command.run() }
            Task {
                await BatonCommand.main()
                BatonCommand.exit()
            }
            dispatchMain()
        } catch {
            BatonCommand.exit(withError: error)
        }
    }

    /// Before a program no `--` is needed: the first word that belongs to no option is the program.
    private static var arguments: [String] {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard let name = arguments.first,
            [RunCommand.configuration, StartCommand.configuration].contains(where: { $0.commandName == name })
        else { return arguments }
        return [name] + GetoptLong.normalized(Array(arguments.dropFirst()))
    }
}
