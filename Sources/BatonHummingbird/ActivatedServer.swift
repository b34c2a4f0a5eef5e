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
    /// What happens around serving.
    struct Hooks: Sendable {
        /// Done before a connection is accepted.
        var prelude: @Sendable () async throws -> Void
        /// Called when connections are accepted; the drain does not wait for it.
        var started: @Sendable () async -> Void
        /// Called when the server has ended.
        var ended: @Sendable () -> Void
    }

    private struct Told {
        var isStopping = false
        var isFailing = false
    }

    private let server: DrainingServer<Child.Value>
    private let child: Child
    private let drain: DrainConfiguration
    private let notifier: ServiceNotifier
    private let logger: Logger
    private let hooks: Hooks
    /// Guards that READY never follows STOPPING.
    private let told = Mutex(Told())

    init(
        server: DrainingServer<Child.Value>,
        child: Child,
        drain: DrainConfiguration,
        notifier: ServiceNotifier,
        logger: Logger,
        hooks: Hooks
    ) {
        self.server = server
        self.child = child
        self.drain = drain
        self.notifier = notifier
        self.logger = logger
        self.hooks = hooks
    }

    var description: String { "baton" }

    func run() async throws {
        defer { hooks.ended() }
        try await hooks.prelude()
        // TERM during the prelude: nothing has been accepted, so nothing is to be drained, and READY would be a lie.
        guard !Task.isShuttingDownGracefully, !Task.isCancelled else { return }
        let (child, logger) = (child, logger)
        let outcome = try await withGracefulShutdownHandler {
            try await server.run {
                ready()
                Task { [hooks] in await hooks.started() }
            } handle: { connection in
                await child.handle(value: connection, logger: logger)
            }
        } onGracefulShutdown: { [self] in
            stopping()
            server.stop()
        }
        switch outcome {
        case .drained: logger.info("drained: every request was answered")
        case .cut where Task.isCancelled: logger.warning("cancelled: what was under way has been cut")
        case .cut: logger.warning("not drained within \(drain.timeout): what was left has been cut")
        }
    }

    private func ready() {
        told.withLock { told in
            guard !told.isStopping else { return }
            logger.info("ready: accepting connections")
            check(notifier.ready(status: "serving"), "READY=1", &told)
        }
    }

    private func stopping() {
        told.withLock { told in
            told.isStopping = true
            logger.info("stopping: draining for at most \(drain.timeout)")
            check(notifier.stopping(status: "draining"), "STOPPING=1", &told)
        }
    }

    private func check(_ outcome: NotifyOutcome, _ state: String, _ told: inout Told) {
        guard case .failed(let errno) = outcome, !told.isFailing else { return }
        told.isFailing = true
        logger.warning("the service manager cannot be told \(state): \(errno); serving goes on (see NOTIFY_SOCKET)")
    }
}
