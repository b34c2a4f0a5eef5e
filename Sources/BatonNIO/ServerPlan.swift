package import Baton
package import Logging
package import NIOCore
package import ServiceLifecycle
package import Systemd

/// What is served on the sockets that a process was started with, and what goes with it, whatever the protocol.
package struct ServerPlan<Connection: Sendable>: Sendable {
    /// The `FileDescriptorName=` of the sockets to serve. Others are closed, with a warning.
    package var name: String
    /// More such names, each of which must be there, too.
    package var otherNames: [String] = []
    /// The event loops of the connections.
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
    /// Called when the server has ended.
    package var ended: @Sendable () -> Void = {}
    /// Configures a connection's pipeline, on its event loop.
    package var setUp: @Sendable (any Channel) -> EventLoopFuture<Connection>
    /// Serves one connection, and returns when it is closed.
    package var handle: @Sendable (Connection) async -> Void

    package init(
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
        self.setUp = setUp
        self.handle = handle
    }
}

/// A server that accepts connections.
package struct RunningServer: Sendable {
    /// Where its first socket listens.
    package let address: Systemd.SocketAddress?
    /// Begins the drain.
    package let stop: @Sendable () -> Void
}
