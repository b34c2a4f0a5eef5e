internal import NIOCore
internal import Systemd

/// What an ``ActivatedServer`` runs: the server of some sockets, whether of connections or of datagrams.
struct ServedSockets: Sendable {
    /// Serves until it is stopped and drained; see ``DrainingServer/run(started:stopping:handle:)``.
    var run:
        @Sendable (_ started: () -> Void, _ stopping: @escaping @Sendable (StopReason) -> Void) async throws ->
            DrainOutcome
    /// Begins the drain.
    var stop: @Sendable () -> Void
    /// Begins the drain because another process is started in this one's place.
    var stopForRestart: @Sendable () -> Void
    /// Begins the drain because another process serves from now on.
    var stopHandedOver: @Sendable (_ pid: CInt) -> Void
    /// Whether the drain has begun, or is about to.
    var isStopping: @Sendable () -> Bool
    /// When the drain ends at the latest; nil while serving.
    var drainEnds: @Sendable () -> ContinuousClock.Instant?
    /// What is under way.
    var census: @Sendable () async -> ConnectionCensus
    /// What has become of the connections that were handed over; nil when none was to be.
    var handOverReport: @Sendable () -> String?
    /// Whether there is a socket that a successor can be given.
    var hasListeners: Bool
    /// Duplicates of the sockets, for a successor; nil when there are none, or not any more.
    var duplicateListeners: @Sendable () throws -> ListenSockets?

    init<Connection>(_ server: DrainingServer<Connection>, handle: @escaping @Sendable (Connection) async -> Void) {
        run = { try await server.run(started: $0, stopping: $1, handle: handle) }
        stop = { server.stop() }
        stopForRestart = { server.stopForRestart() }
        stopHandedOver = { server.stop(handedOverTo: $0) }
        isStopping = { server.isStopping }
        drainEnds = { server.drainEnds }
        census = { await server.census() }
        handOverReport = { server.handOverReport }
        hasListeners = server.hasListeners
        duplicateListeners = { try server.duplicateListeners() }
    }

    init(_ server: DrainingDatagramServer, handle: @escaping @Sendable (Datagram) async -> ByteBuffer?) {
        run = { try await server.run(started: $0, stopping: $1, handle: handle) }
        stop = { server.stop() }
        stopForRestart = { server.stopForRestart() }
        stopHandedOver = { server.stop(handedOverTo: $0) }
        isStopping = { server.isStopping }
        drainEnds = { server.drainEnds }
        census = { server.census() }
        handOverReport = { nil }
        hasListeners = true
        duplicateListeners = { try server.duplicateSocket() }
    }
}
