import Baton
import BatonNIO
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle
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

    private let server: DrainingServer<Child.Value>
    private let child: Child
    private let drain: DrainConfiguration
    private let reporter: ServiceReporter
    private let watchdog: WatchdogService?
    private let reload: ReloadService?
    private let controlPath: String?
    private let logger: Logger
    private let hooks: Hooks

    init(
        server: DrainingServer<Child.Value>,
        child: Child,
        drain: DrainConfiguration,
        reporter: ServiceReporter,
        watchdog: WatchdogService?,
        reload: ReloadService?,
        controlPath: String?,
        logger: Logger,
        hooks: Hooks
    ) {
        self.server = server
        self.child = child
        self.drain = drain
        self.reporter = reporter
        self.watchdog = watchdog
        self.reload = reload
        self.controlPath = controlPath
        self.logger = logger
        self.hooks = hooks
    }

    var description: String { "baton" }

    func run() async throws {
        defer { hooks.ended() }
        try await hooks.prelude()
        // TERM during the prelude: nothing has been accepted, so nothing is to be drained, and READY would be a lie.
        guard !Task.isShuttingDownGracefully, !Task.isCancelled else { return }
        try await withThrowingTaskGroup { companions in
            let (stopped, announceStop) = AsyncStream.makeStream(of: Void.self)
            companions.addTask { [self] in
                for await _ in stopped { await reportDrain() }
            }
            if let reload {
                let control = await reload.openControl(at: controlPath)
                companions.addTask { await reload.run(control) }
            }
            EventLoopDescriptors.closeOnExec()
            defer { companions.cancelAll() }
            try await serve { announceStop.yield() }
        }
    }

    private func serve(stopped: @escaping @Sendable () -> Void) async throws {
        let (child, logger) = (child, logger)
        let outcome = try await withGracefulShutdownHandler {
            try await server.run {
                ready()
                Task { [hooks] in await hooks.started() }
            } stopping: { [self] reason in
                stopping(reason)
                stopped()
            } handle: { connection in
                await child.handle(value: connection, logger: logger)
            }
        } onGracefulShutdown: { [server] in
            server.stop()
        }
        switch outcome {
        case .drained: logger.info("drained: every request was answered")
        case .cut where Task.isCancelled: logger.warning("cancelled: what was under way has been cut")
        case .cut: logger.warning("not drained within \(drain.timeout): what was left has been cut")
        }
    }

    private func ready() {
        logger.info("ready: accepting connections")
        guard reporter.ready("serving") else { return }
        watchdog?.pingNow()
    }

    private func stopping(_ reason: StopReason) {
        let why =
            switch reason {
            case .requested: "stopping"
            case .idle(let time): "stopping: no connection for \(time), and the next one starts the service again"
            case .connectionsEnded: "stopping: the connection has ended"
            case .cancelled: "cancelled"
            }
        logger.info("\(why): draining for at most \(drain.timeout)")
        reporter.stopping("draining")
    }

    /// Tells systemd from time to time how the drain goes, and asks for its patience while it goes on.
    private func reportDrain() async {
        var progress = DrainProgress()
        while !Task.isCancelled {
            let census = await server.census()
            guard let end = server.drainEnds else { return }
            let (status, patience) = progress.tick(
                requests: census.requests,
                idle: census.idle,
                activity: census.activity,
                left: end - .now
            )
            reporter.draining(status, extension: patience)
            guard (try? await Task.sleep(for: DrainProgress.interval)) != nil else { return }
        }
    }
}
