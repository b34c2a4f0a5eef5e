import ArgumentParser
import Foundation

/// `baton rollover`: has the other one of two instances take over from the one that serves.
struct RolloverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollover",
        abstract: "Start the other one of two instances beside the one that serves, check it, and stop the first.",
        discussion: """
            app@a.service and app@b.service are instances of one template on the same sockets, as they are written by

              baton units --kind template --port 8080 --install -- /usr/local/bin/app

            When there is a new program in place, the instance that does not run is started with it. Both serve then. Requests are \
            made to the sockets, and those count that the new instance answers; if each of them has the status 2xx, connections start \
            that instance from now on, also after a reboot, and the other one drains and stops.

            Whatever fails before that, the new instance is stopped, and the old one has never ceased to serve. So it is when this \
            command is interrupted.

              baton rollover app
              baton rollover app --canary 1min --health-path /ready
              baton rollover app --check 'grpc_health_probe -addr localhost:8080'

            EXIT STATUS
              0    the new instance serves alone
              1    it does not, and the old one serves as before; standard error says why
              2    neither is sure; standard error says what is to be done
              3    nothing has been begun; standard error says why
              64   wrong usage
            """
    )

    @OptionGroup var options: RolloverOptions

    func validate() throws {
        _ = try options.template()
        _ = try options.target()
    }

    func run() async throws {
        let systemctl = Systemctl(isUser: options.user)
        do {
            var pair = try InstancePair.read(options.template(), systemctl)
            if options.status { return print(pair.text) }
            let lock = try RolloverLock(of: pair)
            defer { lock.release() }
            // Again: one that held the lock may have come to its end meanwhile.
            pair = try InstancePair.read(options.template(), systemctl)
            let check: any InstanceCheck =
                if let command = options.check {
                    CommandCheck(command: command)
                } else {
                    try HealthCheck(options.target() ?? pair.target(), path: options.healthPath)
                }
            try await Rollover(
                pair: pair,
                manager: InstanceManager(systemctl: systemctl),
                started: StartedInstance(
                    folder: try UnitInstaller.folder(isUser: options.user, root: nil),
                    sockets: pair.sockets
                ),
                check: check,
                canary: options.canary,
                say: Self.say
            ).run()
        } catch let failure as Rollover.Failed {
            throw Self.failure("\(failure)", failure.isRolledBack ? 1 : 2)
        } catch let failure
            where failure is ToolRun.Failure || failure is RolloverRefused || failure is UnitFilesFolder.Refused
        {
            throw Self.failure("\(failure)", 3)
        }
    }

    /// At once, wherever standard output leads.
    private static func say(_ line: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data("\(line)\n".utf8))
    }

    private static func failure(_ reason: String, _ status: Int32) -> ExitCode {
        var lines = ErrorLines()
        lines.write("baton rollover: \(reason)", isError: true)
        return ExitCode(status)
    }
}

/// Why nothing was begun.
struct RolloverRefused: Error, CustomStringConvertible {
    let description: String
}
