import ArgumentParser
import struct Foundation.CocoaError

/// `baton units`: writes the units for a program.
struct UnitsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "units",
        abstract: "Write a socket and a service unit for a program, with a reason at each setting that is not obvious.",
        discussion: """
            The program takes its sockets from systemd and says READY=1, as those built with Baton do. Without --output or --install \
            the units go to standard output.

              baton units --port 8080 -- /usr/local/bin/app --verbose
              baton units --port 8080 --port https=8443 --output units -- /srv/app
              sudo baton units --port 8080 --install -- /usr/local/bin/app
              sudo baton units --uninstall --name app

            A file that was not written by this command, or has been changed since, is neither replaced nor removed; drop-ins \
            (systemctl edit) stay.

            EXIT STATUS
              0    done
              1    refused, or systemctl has failed; standard error says why
              64   wrong usage
            """
    )

    @OptionGroup var options: UnitsOptions

    @Option(help: ArgumentHelp("Write the files there.", valueName: "folder"))
    var output: String?

    @Flag(help: "Write them to /etc/systemd/system, or ~/.config/systemd/user; enable and start the sockets.")
    var install = false

    @Flag(help: "Stop and remove what --install has written for --name.")
    var uninstall = false

    @Option(
        help: ArgumentHelp(
            "With --install and --uninstall: a system that does not run. Nothing is started.",
            valueName: "folder"
        )
    )
    var root: String?

    @Flag(help: "Replace and remove also what was not written by this command.")
    var force = false

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("The program and its arguments, behind --.", valueName: "program")
    )
    var program: [String] = []

    func validate() throws {
        let ways = [("--output", output != nil), ("--install", install), ("--uninstall", uninstall)].filter(\.1).map(
            \.0
        )
        if ways.count > 1 { throw ValidationError("\(ways.joined(separator: " and ")): give one of them") }
        if let root {
            guard install || uninstall else {
                throw ValidationError("--root \(root): only with --install or --uninstall")
            }
            if options.user {
                throw ValidationError("--root and --user: give one of them; --output writes to any folder")
            }
        }
        if uninstall {
            if !program.isEmpty { throw ValidationError("--uninstall: it needs --name, and no program") }
            _ = try options.nameAlone()
        } else {
            _ = try options.plan(program)
        }
    }

    func run() throws {
        do {
            try act()
        } catch let failure
            where failure is UnitFilesFolder.Refused || failure is ToolRun.Failure || failure is SmallFileError
        {
            throw Self.failure("\(failure)")
        } catch let failure as CocoaError {
            throw Self.failure(failure.reason)
        }
    }

    private func act() throws {
        let installer = UnitInstaller(isUser: options.user, root: root.map { $0 == "/" ? "" : $0 }, force: force)
        if uninstall { return try installer.uninstall(options.nameAlone()) { print($0) } }
        let plan = try options.plan(program)
        if install { return try installer.install(plan) { print($0) } }
        if let output {
            for line in try UnitFilesFolder(path: output, force: force).write(plan) { print(line) }
            return
        }
        print(plan.files.map { "# \($0.name)\n\n\($0.text)" }.joined(separator: "\n"), terminator: "")
    }

    private static func failure(_ reason: String) -> ExitCode {
        var lines = ErrorLines()
        lines.write("baton units: \(reason)", isError: true)
        return .failure
    }
}
