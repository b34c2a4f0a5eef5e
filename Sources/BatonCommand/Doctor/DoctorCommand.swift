import ArgumentParser
import Systemd

/// `baton doctor`: says what in a service's units, and in how it runs, will lose requests.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what in a service's units, and in the running system, will lose requests, and what to write.",
        discussion: """
            It reads the installed units with their drop-ins, and asks systemd and the kernel how they run. Nothing is changed.

              baton doctor app.service
              baton doctor --unit-path deploy app.service     before they are installed

            An error loses requests, or has clients refused, at a restart, a stop, a crash, or a restart of the socket. A \
            warning has them wait or closes connections, or somebody is told what is not true. A hint says what could be better. \
            `man baton-doctor` lists them all.

            EXIT STATUS
              0    nothing, or hints
              1    warnings
              2    errors
              3    it could not be examined; standard error says why
              64   wrong usage, or there is no such unit
            """
    )

    @OptionGroup var options: DoctorOptions

    func run() throws {
        let report: DoctorReport
        do {
            report = try Doctor(options).report()
            print(try options.json ? report.json() : report.text(.ofStandardOutput))
        } catch let failure as UnitFinder.Failure {
            throw ValidationError(failure.description)
        } catch let failure where failure is ToolRun.Failure || failure is SmallFileError {
            var lines = ErrorLines()
            lines.write("baton doctor: \(failure)", isError: true)
            throw ExitCode(3)
        }
        if report.exitStatus != 0 { throw ExitCode(report.exitStatus) }
    }
}
