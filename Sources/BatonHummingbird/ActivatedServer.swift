import Baton
import BatonNIO
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle
import Systemd

/// The service that stands where Hummingbird's own server stands in `Application.run()`.
struct ActivatedServer<Child: ServerChildChannel>: Service, CustomStringConvertible {
    let server: DrainingServer<Child.Value>
    let child: Child
    let drain: DrainConfiguration
    let notifier: ServiceNotifier
    let logger: Logger
    /// Done before a connection is accepted.
    let prelude: @Sendable () async throws -> Void

    var description: String { "baton" }

    func run() async throws {
        try await prelude()
        // TERM during the prelude: nothing has been accepted, so nothing is to be drained, and READY would be a lie.
        guard !Task.isShuttingDownGracefully, !Task.isCancelled else { return }
        let (server, child, logger) = (server, child, logger)
        let outcome = await withGracefulShutdownHandler {
            await server.run {
                tell(notifier.ready(status: "serving"), "READY=1")
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
        guard case .failed(let errno) = outcome else { return }
        logger.warning("the service manager cannot be told \(state): \(errno); serving goes on (see NOTIFY_SOCKET)")
    }
}
