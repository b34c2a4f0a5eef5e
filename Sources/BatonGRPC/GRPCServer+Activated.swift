#if GRPC
public import Baton
internal import BatonHTTP2
public import BatonNIO
public import GRPCCore
public import GRPCNIOTransportHTTP2Posix
public import Logging
internal import NIOCore
public import ServiceLifecycle
internal import Systemd
public import UnixSignals

extension GRPCServer where Transport == HTTP2ServerTransport.Activated {
    /// Runs the server on the sockets that the process was started with, until TERM or INT; then drains and returns.
    ///
    /// ```swift
    /// let activation = try Activation.take(elseBind: [.tcp(host: "127.0.0.1", port: 50051)], named: "grpc")
    /// let server = GRPCServer(transport: .http2Activated(), services: [Greeter()])
    /// try await server.runService(on: activation, logger: logger)
    /// ```
    ///
    /// Stands in for `serve()`: services and interceptors are run as there. In the drain each client gets two GOAWAYs: the first
    /// refuses nothing, and what it sends until it has seen that, or for 2 s, is served; the second says which calls it may send
    /// again elsewhere. Calls in progress go on until the drain's deadline; what is left then is cut, each with a line in the log. QUIT makes that
    /// deadline now. `beginGracefulShutdown()` begins the drain, too.
    ///
    /// - Parameters:
    ///   - activation: The sockets, from `Activation.take(elseBind:named:)`, first thing in `main`.
    ///   - name: The `FileDescriptorName=` of the sockets to serve, without TLS. Others are closed, with a warning.
    ///   - drain: How long the drain may take. There is no linger: a client that idles goes when it has seen the GOAWAYs.
    ///   - lifecycle: What the program does when it starts, reloads, idles and is asked whether it is well.
    ///   - logger: Where it is said what happens.
    ///   - gracefulShutdownSignals: The signals that begin the drain. With QUIT among them, no signal cuts a drain short.
    /// - Throws: `ActivationError` if no socket of that name is there or one is no listening stream socket; the
    ///   `RuntimeError` of a server that has been run before; what `Lifecycle.prepare` throws; the `Errno` of a process that is at a limit.
    public func runService(
        on activation: consuming Activation,
        named name: String = "grpc",
        drain: DrainConfiguration = .init(),
        lifecycle: Lifecycle = .init(),
        logger: Logger,
        gracefulShutdownSignals: [UnixSignal] = [.sigterm, .sigint]
    ) async throws {
        try await runService(
            on: activation,
            serving: [name: .plaintext],
            drain: drain,
            lifecycle: lifecycle,
            logger: logger,
            gracefulShutdownSignals: gracefulShutdownSignals
        )
    }

    /// Runs the server on sockets of several names, with TLS or without: `serving: ["grpc": .plaintext, "grpcs": .tls(certificate)]`.
    ///
    /// See ``runService(on:named:drain:lifecycle:logger:gracefulShutdownSignals:)`` for everything else.
    ///
    /// - Parameters:
    ///   - activation: The sockets.
    ///   - serving: What is spoken on the sockets, by their `FileDescriptorName=`. All must be there. The first is that of sockets
    ///     without names.
    ///   - drain: How long the drain may take.
    ///   - lifecycle: What the program does at its turning points.
    ///   - logger: Where it is said what happens.
    ///   - gracefulShutdownSignals: The signals that begin the drain.
    /// - Throws: As there, and what NIOSSL throws for a TLS configuration that cannot be.
    public func runService(
        on activation: consuming Activation,
        serving: KeyValuePairs<String, HTTP2ServerTransport.Activated.TransportSecurity>,
        drain: DrainConfiguration = .init(),
        lifecycle: Lifecycle = .init(),
        logger: Logger,
        gracefulShutdownSignals: [UnixSignal] = [.sigterm, .sigint]
    ) async throws {
        let plan = try plan(serving, activation.sockets.descriptions, drain, lifecycle, logger)
        try await plan.run(on: activation, gracefulShutdownSignals: gracefulShutdownSignals)
    }

    /// The server as a service of a `ServiceGroup` of your own; see ``runService(on:serving:drain:lifecycle:logger:gracefulShutdownSignals:)``.
    ///
    /// - Parameters:
    ///   - activation: The sockets.
    ///   - serving: What is spoken on the sockets, by their `FileDescriptorName=`.
    ///   - drain: How long the drain may take.
    ///   - lifecycle: What the program does at its turning points.
    ///   - logger: Where it is said what happens.
    /// - Returns: A service to be run once. It returns by itself after `Lifecycle.idleExit`, and when the connection of a
    ///   socket unit with `Accept=yes` has ended: `successTerminationBehavior: .gracefullyShutdownGroup` is for that.
    /// - Throws: As there.
    public func activated(
        on activation: consuming Activation,
        serving: KeyValuePairs<String, HTTP2ServerTransport.Activated.TransportSecurity> = ["grpc": .plaintext],
        drain: DrainConfiguration = .init(),
        lifecycle: Lifecycle = .init(),
        logger: Logger
    ) async throws -> some Service {
        let plan = try plan(serving, activation.sockets.descriptions, drain, lifecycle, logger)
        return try await plan.service(on: activation)
    }

    private func plan(
        _ serving: KeyValuePairs<String, HTTP2ServerTransport.Activated.TransportSecurity>,
        _ sockets: [ListenSocket.Description],
        _ drain: DrainConfiguration,
        _ lifecycle: Lifecycle,
        _ logger: Logger
    ) throws -> ServerPlan {
        guard let (first, _) = serving.first else {
            throw ActivationError(.missing, "serving: names no socket, so there is nothing to serve")
        }
        let setUps = try serving.map { (name: $0.key, setUp: try $0.value.make()) }
        let names = SocketNames(sockets, first: first)
        let (transport, listener) = (transport, transport.listener)
        let goAwayLimit = HTTP2DrainHandler.goAwayLimit(within: drain)
        var plan = ServerPlan(
            name: first,
            group: transport.group,
            drain: drain,
            lifecycle: lifecycle,
            logger: logger
        ) { channel in
            guard let configurator = listener.configurator else {
                return channel.eventLoop.makeFailedFuture(ChannelError.inappropriateOperationForState)
            }
            let name = setUps.count == 1 ? first : names.name(of: channel)
            let setUp = (setUps.first { $0.name == name } ?? setUps[0]).setUp
            // As those that gRPC accepts itself.
            return channel.setOption(.allowRemoteHalfClosure, value: false)
                .flatMap { setUp(channel, configurator) }
                .flatMapThrowing { connection in
                    try HTTP2DrainHandler.add(to: channel.pipeline.syncOperations, goAwayLimit: goAwayLimit)
                    return (connection, channel)
                }
        } handle: { connection, channel in
            await listener.serve(connection, channel)
        }
        plan.otherNames = serving.dropFirst().map(\.key)
        let calls = ServedCalls(self, logger: logger)
        plan.prelude = calls.start
        plan.started = { transport.shuts(down: $0.stop) }
        plan.finish = calls.finish
        plan.ended = calls.abandon
        return plan
    }
}
#endif
