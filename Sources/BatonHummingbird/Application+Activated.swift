public import Baton
public import BatonNIO
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
        try await plan(named: name, http1: http1, drain: drain, lifecycle: lifecycle)
            .run(on: activation, gracefulShutdownSignals: gracefulShutdownSignals)
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
        try await plan(named: name, http1: http1, drain: drain, lifecycle: lifecycle).service(on: activation)
    }

    private func plan(
        named name: String,
        http1: HTTP1Channel.Configuration,
        drain: DrainConfiguration,
        lifecycle: Lifecycle
    ) async throws -> ServerPlan<HTTP1Channel.Value> {
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
        var plan = ServerPlan(
            name: name,
            group: eventLoopGroup,
            drain: drain,
            lifecycle: lifecycle,
            logger: logger
        ) { channel in
            child.setup(channel: channel, logger: logger).flatMapThrowing { connection in
                let pipeline = channel.pipeline.syncOperations
                let codec = try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
                try pipeline.addHandler(HTTP1DrainHandler(linger: linger), position: .before(codec))
                return connection
            }
        } handle: { connection in
            await child.handle(value: connection, logger: logger)
        }
        plan.admission = configuration.availableConnectionsDelegate.map(ConnectionLimit.init)
        plan.services = services
        plan.prelude = { for process in processes { try await process() } }
        let group = eventLoopGroup
        let listener = Locked<ListenerChannel?>(nil)
        plan.started = { server in
            let channel = ListenerChannel(listeningAt: server.address, eventLoop: group.any(), stop: server.stop)
            listener.withLock { $0 = channel }
            await onServerRunning(channel)
        }
        plan.ended = { listener.withLock { $0 }?.ended() }
        return plan
    }
}
