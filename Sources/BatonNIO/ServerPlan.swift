package import Baton
package import Logging
package import NIOCore
package import ServiceLifecycle
package import Systemd

/// What is served on the sockets that a process was started with, and what goes with it, whatever the protocol.
package struct ServerPlan: Sendable {
    /// The `FileDescriptorName=` of the sockets to serve. Others are closed, with a warning.
    package var name: String
    /// More such names, each of which must be there, too.
    package var otherNames: [String] = []
    /// The event loops of the connections; the watchdog asks them whether they run.
    package var group: any EventLoopGroup
    /// How the drain goes.
    package var drain: DrainConfiguration
    /// What the program does at its turning points.
    package var lifecycle: Lifecycle
    /// Limits the number of open connections.
    package var admission: (any ConnectionAdmission)?
    /// Where it is said what happens.
    package var logger: Logger
    /// Run beside the server, and shut down after it.
    package var services: [any Service] = []
    /// Done before a connection is accepted, after ``Lifecycle/prepare``.
    package var prelude: @Sendable () async throws -> Void = {}
    /// Called when connections are accepted; nothing waits for it.
    package var started: @Sendable (RunningServer) async -> Void = { _ in }
    /// Done when all connections have closed, before the process of stopping goes on; it gets the drain's deadline, if one has begun.
    package var finish: @Sendable (ContinuousClock.Instant?) async throws -> Void = { _ in }
    /// Called when the server has ended.
    package var ended: @Sendable () -> Void = {}
    /// Makes the server of the sockets it is given.
    let makeServer:
        @Sendable (Self, consuming ListenSockets, Succession, _ isHeld: Bool, _ idleExit: Duration?) throws ->
            ServedSockets

    /// A server of connections.
    ///
    /// - Parameters:
    ///   - name: The `FileDescriptorName=` of the sockets to serve.
    ///   - group: The event loops of the connections.
    ///   - drain: How the drain goes.
    ///   - lifecycle: What the program does at its turning points.
    ///   - logger: Where it is said what happens.
    ///   - setUp: Configures a connection's pipeline, on its event loop.
    ///   - handle: Serves one connection, and returns when it is closed.
    package init<Connection: Sendable>(
        name: String,
        group: any EventLoopGroup,
        drain: DrainConfiguration,
        lifecycle: Lifecycle,
        logger: Logger,
        setUp: @escaping @Sendable (any Channel) -> EventLoopFuture<Connection>,
        handle: @escaping @Sendable (Connection) async -> Void
    ) {
        self.name = name
        self.group = group
        self.drain = drain
        self.lifecycle = lifecycle
        self.logger = logger
        self.makeServer = { plan, sockets, succession, isHeld, idleExit in
            let server = try DrainingServer(
                sockets: sockets,
                succession: succession,
                ownsBacklog: !isHeld,
                group: plan.group,
                drain: plan.drain,
                idleExit: idleExit,
                admission: plan.admission,
                logger: plan.logger,
                setUp: setUp
            )
            return ServedSockets(server, handle: handle)
        }
    }

    /// A server of datagrams, on one socket.
    ///
    /// - Parameters:
    ///   - name: The `FileDescriptorName=` of the socket to serve.
    ///   - group: Event loops that the watchdog asks whether they run.
    ///   - concurrency: How many handlers may run at a time.
    ///   - drain: How the drain goes.
    ///   - lifecycle: What the program does at its turning points.
    ///   - logger: Where it is said what happens.
    ///   - answer: Takes one datagram and returns the reply, or nil for none.
    init(
        name: String,
        group: any EventLoopGroup,
        concurrency: Int,
        drain: DrainConfiguration,
        lifecycle: Lifecycle,
        logger: Logger,
        answer: @escaping @Sendable (Datagram) async -> ByteBuffer?
    ) {
        self.name = name
        self.group = group
        self.drain = drain
        self.lifecycle = lifecycle
        self.logger = logger
        self.makeServer = { plan, sockets, _, _, idleExit in
            let server = try DrainingDatagramServer(
                socket: try sockets.takeOne(),
                drain: plan.drain,
                concurrency: concurrency,
                idleExit: idleExit,
                logger: plan.logger
            )
            return ServedSockets(server, handle: answer)
        }
    }
}

extension ListenSockets {
    /// The one socket there is.
    ///
    /// - Throws: `ActivationError.Code.wrongKind`, listing them, if there are several.
    fileprivate consuming func takeOne() throws(ActivationError) -> ListenSocket {
        guard descriptions.count == 1, let socket = popFirst() else {
            let list = descriptions.map { "\($0)" }.joined(separator: ", ")
            throw ActivationError(
                .wrongKind,
                "a datagram server answers one socket, and there are \(descriptions.count) of that name: \(list); give each "
                    + "its own FileDescriptorName="
            )
        }
        return socket
    }
}

/// A server that accepts connections.
package struct RunningServer: Sendable {
    /// Where its first socket listens.
    package let address: Systemd.SocketAddress?
    /// Begins the drain.
    package let stop: @Sendable () -> Void
}
