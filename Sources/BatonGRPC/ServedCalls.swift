#if GRPC
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Logging
import Systemd

/// The server of gRPC beside the one that accepts its connections: it is started before and ends after that one.
final class ServedCalls: Sendable {
    /// How long handlers have to notice that their task is cancelled.
    private static let lastGrace = Duration.milliseconds(250)

    private let server: GRPCServer<HTTP2ServerTransport.Activated>
    private let logger: Logger
    private let serving = Locked<Task<Void, any Error>?>(nil)

    init(_ server: GRPCServer<HTTP2ServerTransport.Activated>, logger: Logger) {
        self.server = server
        self.logger = logger
    }

    /// Has the server take connections, in a task with the task-local values of the caller: so `gracefulShutdown()` works in handlers.
    ///
    /// - Throws: The `RuntimeError` of a server that has been run before.
    func start() async throws {
        let listener = server.transport.listener
        listener.expect()
        // Not a child: a handler that never returns must not keep the process from ending.
        let task = Task { [server, logger] in
            defer { listener.finish() }
            do {
                try await server.serve()
            } catch {
                if listener.configurator != nil, !Task.isCancelled { logger.error("gRPC has ended: \(error)") }
                server.transport.beginGracefulShutdown()
                throw error
            }
        }
        serving.withLock { $0 = task }
        await listener.waitUntilOpen()
        if listener.configurator == nil {
            task.cancel()
            try await task.value
        }
    }

    /// Waits for the handlers that have not returned, until the drain's deadline.
    ///
    /// - Throws: What has ended the server of gRPC too early.
    func finish(by deadline: ContinuousClock.Instant?) async throws {
        guard let task = serving.withLock({ $0 }) else { return }
        await server.transport.listener.close()
        if await isOver(task, by: deadline ?? .now + Self.lastGrace) { return try await task.value }
        logger.warning("calls cancelled whose handlers had not returned although their connections had closed")
        task.cancel()
        _ = await isOver(task, by: .now + Self.lastGrace)
    }

    /// Ends what is left of a start that failed.
    func abandon() {
        serving.withLock { $0 }?.cancel()
    }

    /// Whether the server of gRPC has ended by then; also where the task is cancelled.
    private func isOver(_ task: Task<Void, any Error>, by deadline: ContinuousClock.Instant) async -> Bool {
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        Task {
            _ = await task.result
            end.yield()
        }
        let timer = Task {
            if (try? await Task.sleep(until: deadline)) != nil { end.finish() }
        }
        defer { timer.cancel() }
        return await Task {
            for await _ in ends { return true }
            return false
        }.value
    }
}
#endif
