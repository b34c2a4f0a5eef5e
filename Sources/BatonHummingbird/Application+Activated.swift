public import Baton
public import BatonNIO
public import Hummingbird
public import HummingbirdCore
internal import Logging
internal import NIOCore
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
    /// - `server:` of the application must be `.http1()`, and its configuration is closed to others: give it here, and
    ///   with `serving:` also HTTP/2 and TLS.
    /// - `onServerRunning` is given a channel that only tells where the first socket listens and stops the server when it is
    ///   closed. systemd is told `READY=1` right before.
    ///
    /// - Parameters:
    ///   - activation: The sockets, from `Activation.take(elseBind:named:)`, first thing in `main`.
    ///   - name: The `FileDescriptorName=` of the sockets to serve. Others are closed, with a warning.
    ///   - http1: The configuration of the HTTP/1.1 channels.
    ///   - drain: How long the drain may take, and how long idle connections are still served in it.
    ///   - upgrades: Other protocols to which a client can change its connection, `HTTP1Upgrade.webSocket(at:configuration:accept:serve:)`
    ///     for example. A request for one that is not here is the router's, and its response ends the connection.
    ///   - lifecycle: What the program does when it starts, reloads, idles and is asked whether it is well.
    ///   - gracefulShutdownSignals: The signals that begin the drain. A further one changes nothing. With QUIT among them, no
    ///     signal cuts a drain short.
    /// - Throws: `ActivationError` if no socket of that name is there or one is no listening stream socket;
    ///   ``UnsupportedServerError``; what a service or a process before the server's start throws.
    public func runService(
        on activation: consuming Activation,
        named name: String = "http",
        http1: HTTP1Channel.Configuration = .init(),
        upgrades: [HTTP1Upgrade] = [],
        drain: DrainConfiguration = .init(),
        lifecycle: Lifecycle = .init(),
        gracefulShutdownSignals: [UnixSignal] = [.sigterm, .sigint]
    ) async throws {
        try await runService(
            on: activation,
            serving: [name: .http1(http1, upgrades: upgrades)],
            drain: drain,
            lifecycle: lifecycle,
            gracefulShutdownSignals: gracefulShutdownSignals
        )
    }

    /// Runs the application on sockets of several names, each of which speaks something of its own:
    /// `serving: ["http": .http1(), "https": .https(certificate)]`.
    ///
    /// See ``runService(on:named:http1:upgrades:drain:lifecycle:gracefulShutdownSignals:)`` for everything else.
    ///
    /// - Parameters:
    ///   - activation: The sockets.
    ///   - serving: What is spoken on the sockets, by their `FileDescriptorName=`. All must be there. The first is that of sockets
    ///     without names.
    ///   - drain: How the drain goes.
    ///   - lifecycle: What the program does at its turning points.
    ///   - gracefulShutdownSignals: The signals that begin the drain.
    /// - Throws: As there, and what a certificate that cannot be used throws.
    public func runService(
        on activation: consuming Activation,
        serving: KeyValuePairs<String, Serving>,
        drain: DrainConfiguration = .init(),
        lifecycle: Lifecycle = .init(),
        gracefulShutdownSignals: [UnixSignal] = [.sigterm, .sigint]
    ) async throws {
        let plan = try await plan(serving, on: activation.sockets.descriptions, drain: drain, lifecycle: lifecycle)
        try await plan.run(on: activation, gracefulShutdownSignals: gracefulShutdownSignals)
    }

    /// The application as a service of a `ServiceGroup` of your own; see ``runService(on:named:http1:upgrades:drain:lifecycle:gracefulShutdownSignals:)``.
    ///
    /// - Parameters:
    ///   - activation: The sockets.
    ///   - name: The `FileDescriptorName=` of the sockets to serve.
    ///   - http1: The configuration of the HTTP/1.1 channels.
    ///   - upgrades: Other protocols to which a client can change its connection.
    ///   - drain: How the drain goes.
    ///   - lifecycle: What the program does at its turning points.
    /// - Returns: A service to be run once. It returns by itself after `Lifecycle.idleExit`, and when the connection of a
    ///   socket unit with `Accept=yes` has ended: `successTerminationBehavior: .gracefullyShutdownGroup` is for that.
    /// - Throws: `ActivationError`, ``UnsupportedServerError``.
    public func activated(
        on activation: consuming Activation,
        named name: String = "http",
        http1: HTTP1Channel.Configuration = .init(),
        upgrades: [HTTP1Upgrade] = [],
        drain: DrainConfiguration = .init(),
        lifecycle: Lifecycle = .init()
    ) async throws -> some Service {
        try await activated(
            on: activation,
            serving: [name: .http1(http1, upgrades: upgrades)],
            drain: drain,
            lifecycle: lifecycle
        )
    }

    /// The application as a service of a `ServiceGroup` of your own, on sockets of several names; see
    /// ``runService(on:serving:drain:lifecycle:gracefulShutdownSignals:)``.
    ///
    /// - Parameters:
    ///   - activation: The sockets.
    ///   - serving: What is spoken on the sockets, by their `FileDescriptorName=`.
    ///   - drain: How the drain goes.
    ///   - lifecycle: What the program does at its turning points.
    /// - Returns: As ``activated(on:named:http1:upgrades:drain:lifecycle:)``.
    /// - Throws: As there, and what a certificate that cannot be used throws.
    public func activated(
        on activation: consuming Activation,
        serving: KeyValuePairs<String, Serving>,
        drain: DrainConfiguration = .init(),
        lifecycle: Lifecycle = .init()
    ) async throws -> some Service {
        let plan = try await plan(serving, on: activation.sockets.descriptions, drain: drain, lifecycle: lifecycle)
        return try await plan.service(on: activation)
    }

    private func plan(
        _ serving: KeyValuePairs<String, Serving>,
        on sockets: [ListenSocket.Description],
        drain: DrainConfiguration,
        lifecycle: Lifecycle
    ) async throws -> ServerPlan {
        guard let (first, _) = serving.first else {
            throw ActivationError(.missing, "serving: names no socket, so there is nothing to serve")
        }
        let responder = try await httpResponder()
        let stock = try server.buildServer(
            configuration: .init(),
            eventLoopGroup: eventLoopGroup,
            logger: logger,
            responder: responder
        )
        guard stock is Server<HTTP1Channel> else { throw UnsupportedServerError(stock) }
        let context = Serving.Context(
            responder: responder,
            drain: drain,
            upgradeTasks: UpgradeTasks(),
            logger: logger
        )
        let setUps = try serving.map { (name: $0.key, setUp: try $0.value.make(context)) }
        let names = SocketNames(sockets, first: first)
        let processes = processesRunBeforeServerStart
        var plan = ServerPlan(
            name: first,
            group: eventLoopGroup,
            drain: drain,
            lifecycle: lifecycle,
            logger: logger
        ) { channel in
            let name = setUps.count == 1 ? first : names.name(of: channel)
            return (setUps.first { $0.name == name } ?? setUps[0]).setUp(channel)
        } handle: { serve in
            await serve()
        }
        plan.otherNames = serving.dropFirst().map(\.key)
        plan.admission = configuration.availableConnectionsDelegate.map(ConnectionLimit.init)
        plan.services = services
        plan.prelude = {
            context.upgradeTasks.start()
            for process in processes { try await process() }
        }
        let group = eventLoopGroup
        let listener = Locked<ListenerChannel?>(nil)
        plan.started = { server in
            let channel = ListenerChannel(listeningAt: server.address, eventLoop: group.any(), stop: server.stop)
            listener.withLock { $0 = channel }
            await onServerRunning(channel)
        }
        plan.ended = {
            context.upgradeTasks.finish()
            listener.withLock { $0 }?.ended()
        }
        return plan
    }
}
