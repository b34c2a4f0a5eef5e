import ArgumentParser
internal import Systemd

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// `baton drain-scope`: lets a restart go on while the workers of a service drain.
struct DrainScopeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain-scope",
        abstract: "Move a service's workers to a scope of their own, where they drain while the service restarts.",
        discussion: """
            For ExecStop= of a service whose main process is `baton run`; with the +, because only root may move them:

              [Service]
              ExecStart=/usr/local/bin/baton run --notify -- /usr/local/bin/app
              ExecStop=+/usr/local/bin/baton drain-scope

            In `systemctl restart` it moves every process of the service but the main one to NAME-drain-PID.scope, in \
            the same slice and with the same limits of resources, and standard error says so. `baton run` lets them \
            go, so the next one starts at once, however long they drain. The scope ends with its last process.

            In a stop it does nothing. Where the processes cannot be moved, it says why and is content: they drain in \
            place, and the restart waits for them.

            EXIT STATUS
              0    moved, or nothing to be moved, or draining in place
              64   wrong usage, or not run as ExecStop= of a service
            """
    )

    @Option(
        help: ArgumentHelp(
            "How long the scope may live; then it is stopped. More than the program's own limit of a drain.",
            valueName: "time"
        ),
        transform: DrainLimit.init
    )
    var limit = DrainLimit.normal

    @Option(help: "How many generations may drain in scopes at a time; one more drains in place.")
    var mostScopes = 16

    func validate() throws {
        guard mostScopes > 0 else { throw ValidationError("--most-scopes \(mostScopes): a number above 0 is needed") }
    }

    func run() throws {
        do {
            let drain = ScopedDrain(limit: limit.duration, mostScopes: mostScopes)
            if let line = try drain.run(environment: environmentValue) { Self.say(line) }
        } catch {
            Self.say("\(error)")
            throw ExitCode.validationFailure
        }
    }

    /// To standard error, which is the journal under systemd.
    private static func say(_ line: String) {
        let text = Array("baton drain-scope: \(line)\n".utf8)
        _ = text.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
