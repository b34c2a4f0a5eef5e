package import Baton
internal import Logging
package import ServiceLifecycle
internal import Systemd
package import UnixSignals

extension ServerPlan {
    /// Runs it until one of the signals comes; then drains and returns.
    ///
    /// - Parameters:
    ///   - activation: The sockets.
    ///   - gracefulShutdownSignals: The signals that begin the drain. A further one changes nothing; with QUIT not among them, QUIT makes the
    ///     deadline now.
    /// - Throws: As ``service(on:)``, and what a service or the start throws.
    package func run(on activation: consuming Activation, gracefulShutdownSignals: [UnixSignal]) async throws {
        let own = activation.canHandOver ? lifecycle.handOverSignal : nil
        let gracefulShutdownSignals = gracefulShutdownSignals.filter { $0 != own }
        let service = try await service(on: activation)
        var configuration = ServiceGroupConfiguration(
            services: [.ending(service)],
            gracefulShutdownSignals: gracefulShutdownSignals,
            cancellationSignals: gracefulShutdownSignals.contains(.sigquit) ? [] : [.sigquit],
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = longestShutdown
        try await ServiceGroup(configuration: configuration).run()
    }

    /// It as a service, to be run once. It returns by itself when its drain has another reason than a shutdown.
    ///
    /// - Throws: `ActivationError` if no socket of that name is there or one is of the wrong kind; the `Errno` of
    ///   `eventfd(2)` if the process is out of descriptors.
    package func service(on activation: consuming Activation) async throws -> ServiceGroup {
        let (logger, lifecycle) = (logger, lifecycle)
        let (notifier, origin, watchdogTimeout) = (activation.notifier, activation.origin, activation.watchdog)
        let (start, predecessor, isSocketHeld) = (activation.start, activation.predecessor, activation.isSocketHeld)
        let reporter = ServiceReporter(notifier: notifier, isMain: predecessor == nil) { logger.warning("\($0)") }
        let canHandOver = activation.canHandOver
        let store = activation.store
        let succession = Succession(
            server: name,
            carriers: activation.takeCarriers(for: name),
            store: store,
            isManaged: activation.isManaged,
            logger: logger
        )
        let names = ([name] + otherNames).map { "'\($0)'" }.joined(separator: ", ")
        let sockets = try activation.claim(name, and: otherNames) { socket in
            logger.warning("nobody asked for socket \(socket), so it is closed; the one named \(names) is served")
        }
        let address = sockets.descriptions.first?.localAddress
        let server = try makeServer(self, sockets, succession, isSocketHeld, idleExit(isSocketHeld))
        let watchdog = watchdogTimeout.map { timeout in
            WatchdogService(
                timeout: timeout,
                notifier: notifier.gated { reporter.isMain },
                group: group,
                logger: logger,
                check: lifecycle.healthCheck
            )
        }
        let turns = Turns()
        var reload: ReloadService?
        if let callback = lifecycle.reload {
            reload = await ReloadService(
                turns: turns,
                reporter: reporter,
                group: group,
                logger: logger,
                callback: callback
            )
        }
        var restart: RestartService?
        if let signal = lifecycle.restartSignal {
            restart = await RestartService(
                signal: signal,
                turns: turns,
                record: start,
                limit: lifecycle.longestRestart,
                refusal: Self.refusal(
                    ofRestart: origin,
                    server.hasListeners,
                    start.refusalToEnd(isManagerTold: notifier.isConnected)
                ),
                notifier: notifier,
                reporter: reporter,
                isSocketHeld: isSocketHeld,
                logger: logger,
                sockets: {
                    guard var sockets = try server.duplicateListeners() else { return nil }
                    if let (descriptor, name) = succession.openDirect() {
                        sockets.append(owning: descriptor, name: name)
                    }
                    return sockets
                },
                handedOver: server.stopHandedOver
            )
        }
        let shutdown = OwnShutdown()
        var handOver: HandOverSignal?
        if canHandOver {
            handOver = await HandOverSignal(lifecycle.handOverSignal) {
                server.stopForRestart()
                // Also where the server has not begun to run.
                shutdown.begin()
            }
        }
        let service = ActivatedServer(
            server: server,
            drain: drain,
            lameDuck: lifecycle.lameDuck,
            reporter: reporter,
            watchdog: watchdog,
            reload: reload,
            restart: restart,
            predecessor: try predecessor.map(PredecessorAnswer.init),
            controlPath: ControlProtocol.path(inRuntimeDirectory: environmentValue("RUNTIME_DIRECTORY")),
            logger: logger,
            hooks: .init(
                prelude: { [prelude] in
                    let progress = StartProgress(reporter: reporter, limit: lifecycle.longestStart)
                    try await lifecycle.prepare?(progress)
                    try await prelude()
                    succession.openInbox()
                },
                ready: { if canHandOver { succession.tryStore() } },
                started: { [started] in await started(RunningServer(address: address, stop: server.stop)) },
                isSucceeded: succession.isSucceeded,
                stopping: shutdown.begin,
                finish: finish,
                ended: ended
            )
        )
        // The first is shut down last: it pings through the whole drain.
        let others: [any Service] = (watchdog.map { [$0] } ?? []) + services + (handOver.map { [$0] } ?? [])
        var configuration = ServiceGroupConfiguration(
            services: others.map { .init(service: $0) } + [.ending(service)],
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = longestShutdown
        let whole = ServiceGroup(configuration: configuration)
        shutdown.belongs(to: whole)
        return whole
    }

    /// The server ends by itself; a service of the application that does not, or a start that does not, is cancelled then.
    private var longestShutdown: Duration { max(.zero, lifecycle.lameDuck) + drain.timeout + .seconds(5) }

    private static func refusal(
        ofRestart origin: Activation.Origin,
        _ hasListeners: Bool,
        _ refusalToEnd: String?
    ) -> String? {
        if origin == .serverStarter { return "start_server restarts this program when it is sent HUP" }
        return hasListeners ? refusalToEnd : "there is no listen socket to hand over"
    }

    private func idleExit(_ isSocketHeld: Bool) -> Duration? {
        guard let idle = lifecycle.idleExit else { return nil }
        guard isSocketHeld else {
            logger.warning(
                "no exit after \(idle) without a connection: nobody else holds the socket and starts this again"
            )
            return nil
        }
        return idle
    }
}

extension ServiceGroupConfiguration.ServiceConfiguration {
    /// A service with whose end everything ends well.
    fileprivate static func ending(_ service: any Service) -> Self {
        .init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)
    }
}
