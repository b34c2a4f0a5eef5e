public import UnixSignals

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

    /// The signal at which the program restarts itself; nil, the default, is none.
    ///
    /// It starts its successor as it was started itself: the program looked up anew, the same arguments, environment and working
    /// directory; with the sockets that are served; as a child of PID 1, without a terminal. Both accept connections for a moment, then systemd is told that the successor is
    /// the main process (`MAINPID=`; `NotifyAccess=main` is enough), and this one drains. If the successor does not get that far within
    /// ``longestRestart``, it is ended; nothing has changed then, and status and log say why. `TERM` meanwhile ends both.
    ///
    /// Where systemd is used, `systemctl restart` does without: this is for a program that runs without a service manager, or one
    /// whose drain takes so long that new connections must not wait for it. It is ignored, with a warning, under `start_server`,
    /// which restarts programs itself, and with `Accept=yes`. `KillMode=` of the unit stays `control-group`.
    public var restartSignal: UnixSignal?

    /// How long the start of a successor may take.
    public var longestRestart = Duration.seconds(60)

    /// The signal by which the service manager says that another process follows at once: `RestartKillSignal=` of the unit (systemd 244). Connections
    /// are then handed to that process, if the unit has `FileDescriptorStoreMax=`, and not closed.
    ///
    /// At any other signal the program drains, as nobody may follow. Where there is no service manager, it is one of those.
    public var handOverSignal = UnixSignal.sigint

    /// How long new connections are still served after the program has been told to stop (`TERM`), before the drain begins.
    ///
    /// For a load balancer, or Kubernetes, that sends here until its next look at the program's health, which is to say from then on
    /// that it stops: `Task.isShuttingDownGracefully`. Not at ``handOverSignal``, nor when a successor takes over: the socket stays, and
    /// nobody has to go elsewhere. `TimeoutStopSec=` of the unit has to be longer than this and the drain's timeout together.
    public var lameDuck = Duration.zero

    /// A life without turning points.
    public init() {}
}
