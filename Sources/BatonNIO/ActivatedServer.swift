internal import Baton
internal import Logging
internal import ServiceLifecycle
internal import Systemd

/// A server as a service: from its start, of which the service manager is told, to the end of its drain.
final class ActivatedServer: Service, CustomStringConvertible {
    /// What happens around serving.
    struct Hooks: Sendable {
        /// Done before a connection is accepted.
        var prelude: @Sendable () async throws -> Void
        /// Called when the service manager has been told so.
        var ready: @Sendable () -> Void
        /// Called when connections are accepted; the drain does not wait for it.
        var started: @Sendable () async -> Void
        /// Whether another generation serves already, on the same sockets.
        var isSucceeded: @Sendable () async -> Bool
        /// Called when the drain has begun.
        var stopping: @Sendable () -> Void
        /// Done when all connections have closed; it gets the drain's deadline, if one has begun.
        var finish: @Sendable (ContinuousClock.Instant?) async throws -> Void
        /// Called when the server has ended.
        var ended: @Sendable () -> Void
    }

    private let server: ServedSockets
    private let drain: DrainConfiguration
    private let lameDuck: Duration
    private let reporter: ServiceReporter
    private let watchdog: WatchdogService?
    private let reload: ReloadService?
    private let restart: RestartService?
    private let predecessor: PredecessorAnswer?
    private let controlPath: String?
    private let logger: Logger
    private let hooks: Hooks

    init(
        server: ServedSockets,
        drain: DrainConfiguration,
        lameDuck: Duration,
        reporter: ServiceReporter,
        watchdog: WatchdogService?,
        reload: ReloadService?,
        restart: RestartService?,
        predecessor: PredecessorAnswer?,
        controlPath: String?,
        logger: Logger,
        hooks: Hooks
    ) {
        self.server = server
        self.drain = drain
        self.lameDuck = lameDuck
        self.reporter = reporter
        self.watchdog = watchdog
        self.reload = reload
        self.restart = restart
        self.predecessor = predecessor
        self.controlPath = controlPath
        self.logger = logger
        self.hooks = hooks
    }

    var description: String { "baton" }

    func run() async throws {
        defer { hooks.ended() }
        try await hooks.prelude()
        // TERM during the prelude: nothing has been accepted, so nothing is to be drained, and READY would be a lie.
        guard !Task.isShuttingDownGracefully, !Task.isCancelled else { return try await hooks.finish(nil) }
        try await withThrowingTaskGroup { companions in
            let (stopped, announceStop) = AsyncStream.makeStream(of: Void.self)
            companions.addTask { [self] in
                for await _ in stopped { await reportDrain() }
            }
            // Before READY: systemd may ask for a reload at once.
            let control = predecessor == nil ? await reload?.openControl(at: controlPath) : nil
            let (started, announceStart) = AsyncStream.makeStream(of: Void.self)
            companions.addTask { [self] in
                for await _ in started { await live(control) }
            }
            EventLoopDescriptors.closeOnExec()
            defer {
                restart?.stop()
                companions.cancelAll()
            }
            let outcome = try await serve(started: { announceStart.yield() }, stopped: { announceStop.yield() })
            try await hooks.finish(server.drainEnds())
            report(outcome)
        }
    }

    private func serve(started: () -> Void, stopped: @escaping @Sendable () -> Void) async throws -> DrainOutcome {
        try await withGracefulShutdownHandler {
            try await server.run {
                if predecessor == nil { ready() }
                started()
            } _: { [self] reason in
                stopping(reason)
                stopped()
            }
        } onGracefulShutdown: { [self] in
            stop()
        }
    }

    private func stop() {
        guard lameDuck > .zero, !server.isStopping() else { return server.stop() }
        Task { [self] in
            if await !hooks.isSucceeded() {
                logger.info(
                    "asked to stop: new connections are still served for \(lameDuck)",
                    metadata: LifeEvent.lameDuck.metadata
                )
                try? await Task.sleep(for: lameDuck)
            }
            server.stop()
        }
    }

    private func report(_ outcome: DrainOutcome) {
        if let report = server.handOverReport() { logger.info("\(report)", metadata: LifeEvent.handedOver.metadata) }
        switch outcome {
        case .drained: logger.info("drained: every request was answered", metadata: LifeEvent.drained.metadata)
        case .cut:
            let why =
                Task.isCancelled
                ? "cancelled: what was under way" : "not drained within \(drain.timeout): what was left"
            logger.warning("\(why) has been cut", metadata: LifeEvent.cut.metadata)
        }
    }

    /// What goes on beside serving.
    private func live(_ control: ControlSocket?) async {
        var control = control
        var again = false
        if let predecessor {
            guard let answer = await answer(of: predecessor) else { return }
            reporter.becomeMain()
            control = await reload?.openControl(at: controlPath)
            ready()
            again = answer == .goOn(again: true)
        }
        await withTaskGroup { [control] tasks in
            // As it is the application's, it may take as long as it likes.
            Task { [hooks] in await hooks.started() }
            if let reload { tasks.addTask { await reload.run(control) } }
            if let restart {
                if again { restart.ask() }
                tasks.addTask { await restart.run() }
            }
            await tasks.waitForAll()
        }
    }

    /// Tells the predecessor that this process serves, too, and waits until the service is this one's; nil when it stops.
    private func answer(of predecessor: PredecessorAnswer) async -> Predecessor.Answer? {
        logger.info("accepting connections beside the predecessor")
        do {
            let answer = try await predecessor.next()
            switch answer {
            case .nothing: return nil
            case .isGone: logger.warning("the predecessor has ended without a word: the service is this process's now")
            case .goOn: break
            }
            return answer
        } catch {
            logger.error("the predecessor cannot be listened to: \(error)")
            return nil
        }
    }

    private func ready() {
        logger.info("ready: accepting connections", metadata: LifeEvent.ready.metadata)
        guard reporter.ready("serving") else { return }
        watchdog?.pingNow()
        hooks.ready()
    }

    private func stopping(_ reason: StopReason) {
        let patience = "draining for at most \(drain.timeout)"
        let what =
            switch reason {
            case .requested: "stopping: \(patience)"
            case .restarting: "stopping for a restart: \(patience)"
            case .idle(let time):
                "stopping: no connection for \(time), and the next one starts the service again: \(patience)"
            case .connectionsEnded: "stopping: the connection has ended: \(patience)"
            case .handedOver(let pid): "handed over to process \(pid): \(patience)"
            case .cancelled: "cancelled: what is left is cut"
            }
        logger.info("\(what)", metadata: LifeEvent.stopping.metadata)
        hooks.stopping()
        reporter.stopping("draining")
        restart?.stop()
        predecessor?.abandon()
    }

    /// Tells systemd from time to time how the drain goes, and asks for its patience while it goes on.
    private func reportDrain() async {
        var progress = DrainProgress()
        while !Task.isCancelled {
            let census = await server.census()
            guard let end = server.drainEnds() else { return }
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
