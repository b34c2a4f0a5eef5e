import Glibc
import NIOCore
import NIOPosix

/// A client that is connected again as often as its server goes.
protocol StreamClient: SendableMetatype {
    init()
    /// Connects, and stays until the server ends the connection in the way it should.
    ///
    /// - Throws: What was not as it should be.
    mutating func connect(to port: Int, on group: any EventLoopGroup, _ progress: Progress) async throws
}

/// Restarts the server under clients of one kind.
struct Run<Client: StreamClient>: Sendable {
    private let plan: Plan
    private let group: any EventLoopGroup

    init(_ plan: Plan, on group: any EventLoopGroup) {
        self.plan = plan
        self.group = group
    }

    func report() async throws -> Report {
        let progress = Progress(clients: plan.clients)
        let clients = (0..<plan.clients).map { _ in
            Task {
                var client = Client()
                while !progress.isOver {
                    do {
                        try await client.connect(to: plan.port, on: group, progress)
                    } catch {
                        progress.failed("\(error)")
                        return
                    }
                }
            }
        }
        let limit = ContinuousClock.now + .seconds(Plan.limit)
        // Every client is served by the present process before the next restart.
        for generation in 0...plan.restarts {
            while progress.served(inGeneration: generation) < plan.clients, progress.failures.isEmpty {
                guard .now < limit else {
                    progress.failed("\(progress.served(inGeneration: generation)) served by generation \(generation)")
                    break
                }
                try await Task.sleep(for: .milliseconds(5))
            }
            guard progress.failures.isEmpty, generation < plan.restarts else { break }
            try await restart()
        }
        progress.end()
        let patience = Task {
            try? await Task.sleep(until: limit); for client in clients { client.cancel() }
        }
        for client in clients { await client.value }
        patience.cancel()
        return Report(plan, progress)
    }

    private func restart() async throws {
        let command = plan.command
        let status = try await NIOThreadPool.singleton.runIfActive { Self.run(command) }
        guard status == 0 else { throw Plan.Failure(description: "\(command): status \(status)") }
    }

    private static func run(_ command: String) -> CInt {
        var (pid, status): (pid_t, CInt) = (0, 0)
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sh"), strdup("-c"), strdup(command), nil]
        defer { for argument in arguments { free(argument) } }
        let failure = posix_spawn(&pid, "/bin/sh", nil, nil, &arguments, environ)
        guard failure == 0 else { return failure }
        while waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { return errno }
        }
        return status
    }
}
