internal import Baton
internal import Logging
internal import NIOCore
internal import ServiceLifecycle
internal import Systemd
internal import UnixSignals

/// Carries out what asks for a reload: `SIGHUP`, and the control socket of `baton reload`.
struct ReloadService: Sendable {
    private let requests = ReloadRequests()
    private let turns: Turns
    private let reporter: ServiceReporter
    private let group: any EventLoopGroup
    private let logger: Logger
    private let callback: @Sendable () async throws -> Void
    private let signals: UnixSignalsSequence

    /// Catches `SIGHUP` from now on, which systemd may send as soon as the service is ready.
    ///
    /// - Parameter turns: What is shared with whatever else tells the service manager of a reload.
    init(
        turns: Turns,
        reporter: ServiceReporter,
        group: any EventLoopGroup,
        logger: Logger,
        callback: @escaping @Sendable () async throws -> Void
    ) async {
        self.turns = turns
        self.reporter = reporter
        self.group = group
        self.logger = logger
        self.callback = callback
        self.signals = await UnixSignalsSequence(trapping: .sighup)
    }

    /// Reloads when it is asked to, until the task is cancelled.
    ///
    /// - Parameter control: The control socket, which it closes in the end; its path is left to a successor that has taken over.
    func run(_ control: ControlSocket?) async {
        await withTaskGroup { tasks in
            tasks.addTask {
                for await _ in signals { requests.ask() }
            }
            tasks.addTask {
                await requests.serve { await turns.take { await reload() } }
            }
            await tasks.waitForAll()
        }
        requests.close()
        await control?.close(leavesPath: !reporter.isMain)
    }

    /// Opens the control socket; without one, only `SIGHUP` asks for a reload.
    ///
    /// - Parameter path: Where it is to be; nil for none.
    func openControl(at path: String?) async -> ControlSocket? {
        guard let path else { return nil }
        do {
            return try await ControlSocket.open(path: path, group: group, logger: logger) { question in
                guard question == ControlProtocol.reload else {
                    return .failed("'\(question)' is not known; '\(ControlProtocol.reload)' is")
                }
                return await requests.askAndWait()
            }
        } catch {
            logger.warning("no control socket at \(path), so `baton reload` cannot reach this process: \(error)")
            return nil
        }
    }

    private func reload() async -> ControlProtocol.Answer {
        do {
            let ran = try await reporter.reload(done: "serving", failed: { "serving; reload failed: \($0)" }) {
                logger.info("reloading")
                try await callback()
            }
            guard ran else { return .failed("the service is not ready, or stops") }
            logger.info("reloaded", metadata: LifeEvent.reloaded.metadata)
            return .done
        } catch {
            logger.error(
                "reload failed, so nothing has changed: \(error)",
                metadata: LifeEvent.reloadFailed.metadata
            )
            return .failed("\(error)")
        }
    }
}
