public import Baton
internal import BatonNIO
public import Hummingbird
public import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTPTypesHTTP1
public import ServiceLifecycle
internal import Systemd
public import UnixSignals

extension ApplicationProtocol {
    /// Runs the application on the sockets it was started with, until TERM or INT; then drains and returns.
    ///
    /// QUIT, before or in a drain, makes its deadline now: what is left is cut at once, and the log says what that was.
    ///
    /// Stands in for Hummingbird's `runService()`: router, middleware, services and `beforeServerStarts` are run as there,
    /// and `gracefulShutdown()` and its friends work inside handlers. What differs:
    /// - `configuration.address`, `.backlog` and `.reuseAddress` are not used: `activation` says where to listen.
    /// - `server:` of the application must be `.http1()`, and its configuration is closed to others: give it here.
    /// - `onServerRunning` is given a channel that only tells where the first socket listens and stops the server when it is
    ///   closed. systemd is told `READY=1` right before.
    ///
    /// - Parameters:
    ///   - activation: The sockets, from ``Baton/Activation/take(elseBind:named:)``, first thing in `main`.
    ///   - name: The `FileDescriptorName=` of the sockets to serve. Others are closed, with a warning.
    ///   - http1: The configuration of the HTTP/1.1 channels.
    ///   - drain: How long the drain may take, and how long idle connections are still served in it.
    ///   - lifecycle: What the program does when it starts, reloads, idles and is asked whether it is well.
    ///   - gracefulShutdownSignals: The signals that begin the drain. A further one changes nothing. With QUIT among them, no
    ///     signal cuts a drain short.
    /// - Throws: ``Systemd/ActivationError`` if no socket of that name is there or one is no listening stream socket;
    ///   ``UnsupportedServerError``; what a service or a process before the server's start throws.
    public func runService(
        on activation: consuming Activation,
        named name: String = "http",
        http1: HTTP1Channel.Configuration = .init(),
        drain: DrainConfiguration = .init(),
        lifecycle: Lifecycle = .init(),
        gracefulShutdownSignals: [UnixSignal] = [.sigterm, .sigint]
    ) async throws {
        let service = try await activated(
            on: activation,
            named: name,
            http1: http1,
            drain: drain,
            lifecycle: lifecycle
        )
        var configuration = ServiceGroupConfiguration(
            services: [.ending(service)],
            gracefulShutdownSignals: gracefulShutdownSignals,
            cancellationSignals: gracefulShutdownSignals.contains(.sigquit) ? [] : [.sigquit],
            logger: logger
        )
        // The server ends by itself; a service of the application that does not is cancelled then.
        configuration.maximumGracefulShutdownDuration = drain.timeout + .seconds(5)
        try await ServiceGroup(configuration: configuration).run()
    }

    /// The application as a service of a `ServiceGroup` of your own; see ``runService(on:named:http1:drain:lifecycle:gracefulShutdownSignals:)``.
    ///
    /// - Parameters:
    ///   - activation: The sockets.
    ///   - name: The `FileDescriptorName=` of the sockets to serve.
    ///   - http1: The configuration of the HTTP/1.1 channels.
    ///   - drain: How the drain goes.
    ///   - lifecycle: What the program does at its turning points.
    /// - Returns: A service to be run once. It returns by itself after ``Lifecycle/idleExit``, and when the connection of a
    ///   socket unit with `Accept=yes` has ended: `successTerminationBehavior: .gracefullyShutdownGroup` is for that.
    /// - Throws: ``Systemd/ActivationError``, ``UnsupportedServerError``.
    public func activated(
        on activation: consuming Activation,
        named name: String = "http",
        http1: HTTP1Channel.Configuration = .init(),
        drain: DrainConfiguration = .init(),
        lifecycle: Lifecycle = .init()
    ) async throws -> some Service {
        let linger = TimeAmount(drain.linger)
        let responder = try await httpResponder()
        let stock = try server.buildServer(
            configuration: .init(),
            eventLoopGroup: eventLoopGroup,
            logger: logger,
            responder: responder
        )
        guard stock is Server<HTTP1Channel> else { throw UnsupportedServerError(stock) }
        let child = HTTP1Channel(responder: responder, configuration: http1)
        let (logger, processes) = (logger, processesRunBeforeServerStart)
        let (notifier, origin, watchdogTimeout) = (activation.notifier, activation.origin, activation.watchdog)
        let (start, predecessor, isSocketHeld) = (activation.start, activation.predecessor, activation.isSocketHeld)
        let reporter = ServiceReporter(notifier: notifier, isMain: predecessor == nil) { logger.warning("\($0)") }
        let sockets = try activation.claim(name) { socket in
            logger.warning("nobody asked for socket \(socket), so it is closed; the one named '\(name)' is served")
        }
        let address = sockets.descriptions.first?.localAddress
        let draining = try DrainingServer(
            sockets: sockets,
            ownsBacklog: !isSocketHeld,
            group: eventLoopGroup,
            drain: drain,
            idleExit: idleExit(lifecycle, isSocketHeld),
            admission: self.configuration.availableConnectionsDelegate.map(ConnectionLimit.init),
            logger: logger
        ) { channel in
            child.setup(channel: channel, logger: logger).flatMapThrowing { connection in
                let pipeline = channel.pipeline.syncOperations
                let codec = try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
                try pipeline.addHandler(HTTP1DrainHandler(linger: linger), position: .before(codec))
                return connection
            }
        }
        let listener = ListenerChannel(listeningAt: address, eventLoop: eventLoopGroup.any(), stop: draining.stop)
        let watchdog = watchdogTimeout.map { timeout in
            WatchdogService(
                timeout: timeout,
                notifier: notifier.gated { reporter.isMain },
                group: eventLoopGroup,
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
                group: eventLoopGroup,
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
                refusal: Self.refusal(ofRestart: origin, draining.hasListeners),
                notifier: notifier,
                reporter: reporter,
                isSocketHeld: isSocketHeld,
                logger: logger,
                sockets: draining.duplicateListeners,
                handedOver: draining.stop(handedOverTo:)
            )
        }
        let service = ActivatedServer(
            server: draining,
            child: child,
            drain: drain,
            reporter: reporter,
            watchdog: watchdog,
            reload: reload,
            restart: restart,
            predecessor: try predecessor.map(PredecessorAnswer.init),
            controlPath: ControlProtocol.path(inRuntimeDirectory: environmentValue("RUNTIME_DIRECTORY")),
            logger: logger,
            hooks: .init(
                prelude: {
                    let progress = StartProgress(reporter: reporter, limit: lifecycle.longestStart)
                    try await lifecycle.prepare?(progress)
                    for process in processes { try await process() }
                },
                started: { await onServerRunning(listener) },
                ended: listener.ended
            )
        )
        // The first is shut down last: it pings through the whole drain.
        let others = (watchdog.map { [$0 as any Service] } ?? []) + services
        return ServiceGroup(
            configuration: .init(
                services: others.map { .init(service: $0) } + [.ending(service)],
                logger: logger
            )
        )
    }

    private static func refusal(ofRestart origin: Activation.Origin, _ hasListeners: Bool) -> String? {
        if origin == .serverStarter { return "start_server restarts this program when it is sent HUP" }
        return hasListeners ? nil : "there is no listen socket to hand over"
    }

    private func idleExit(_ lifecycle: Lifecycle, _ isSocketHeld: Bool) -> Duration? {
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
