import Baton
import BatonNIO
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import Systemd

/// The service that stands where Hummingbird's own server stands in `Application.run()`.
final class ActivatedServer<Child: ServerChildChannel>: Service, CustomStringConvertible {
    private let server: DrainingServer<Child.Value>
    private let child: Child
    private let drain: DrainConfiguration
    private let notifier: ServiceNotifier
    private let logger: Logger
    private let prelude: @Sendable () async throws -> Void
    private let started: @Sendable () async -> Void
    private let ended: @Sendable () -> Void
    private let hasSaidThatNotifyingFails = Atomic(false)

    /// - Parameters:
    ///   - prelude: Done before a connection is accepted.
    ///   - started: Called when connections are accepted.
    ///   - ended: Called when the server has drained.
    init(
        server: DrainingServer<Child.Value>,
        child: Child,
        drain: DrainConfiguration,
        notifier: ServiceNotifier,
        logger: Logger,
        prelude: @escaping @Sendable () async throws -> Void,
        started: @escaping @Sendable () async -> Void,
        ended: @escaping @Sendable () -> Void
    ) {
        self.server = server
        self.child = child
        self.drain = drain
        self.notifier = notifier
        self.logger = logger
        self.prelude = prelude
        self.started = started
        self.ended = ended
    }

    var description: String { "baton" }

    func run() async throws {
        defer { ended() }
        try await prelude()
        // TERM during the prelude: nothing has been accepted, so nothing is to be drained, and READY would be a lie.
        guard !Task.isShuttingDownGracefully, !Task.isCancelled else { return }
        let (server, child, logger) = (server, child, logger)
        let outcome = await withGracefulShutdownHandler {
            await server.run {
                logger.info("ready: accepting connections")
                tell(notifier.ready(status: "serving"), "READY=1")
                await started()
            } handle: { connection in
                await child.handle(value: connection, logger: logger)
            }
        } onGracefulShutdown: { [self] in
            logger.info("stopping: draining for at most \(drain.timeout)")
            tell(notifier.stopping(status: "draining"), "STOPPING=1")
            server.stop()
        }
        switch outcome {
        case .drained: logger.info("drained: every request was answered")
        case .cut: logger.warning("not drained within \(drain.timeout): what was left has been cut")
        }
    }

    private func tell(_ outcome: NotifyOutcome, _ state: String) {
        guard case .failed(let errno) = outcome,
            !hasSaidThatNotifyingFails.exchange(true, ordering: .relaxed)
        else { return }
        logger.warning("the service manager cannot be told \(state): \(errno); serving goes on (see NOTIFY_SOCKET)")
    }
}
