/// What a program does at the turning points of its life under a service manager; all of it may be left out.
public struct Lifecycle: Sendable {
    /// Done before a connection is accepted and before systemd is told `READY=1`; throwing ends the start.
    ///
    /// It may take longer than `TimeoutStartSec=` of the unit if it reports on its way.
    public var prepare: (@Sendable (StartProgress) async throws -> Void)?

    /// How long ``prepare`` may take in all, however much it reports.
    public var longestStart = Duration.seconds(600)

    /// Re-reads what the program can re-read while it serves: `systemctl reload`, `baton reload`, `SIGHUP`.
    ///
    /// systemd is told `RELOADING=1` before and `READY=1` after it, also when it throws; then the status says why, and
    /// `baton reload` fails. One runs at a time. Without it, `SIGHUP` keeps its meaning: the end of the process.
    public var reload: (@Sendable () async throws -> Void)?

    /// Whether the program is well, asked at half of `WatchdogSec=` of the unit, along with all event loops.
    ///
    /// If it throws, or does not return, the watchdog's ping is not sent, and systemd restarts the service. The default asks
    /// whether the main actor runs.
    public var healthCheck: (@Sendable () async throws -> Void)?

    /// Exit when there has been no connection for that long: the next one starts the service again.
    ///
    /// Only where somebody else holds the sockets: it is ignored, with a warning, where this process has bound them. The
    /// unit must not start the program at once again: `RestartPreventExitStatus=0`.
    public var idleExit: Duration?

    /// A life without turning points.
    public init() {}
}
