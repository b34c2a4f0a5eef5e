import Hummingbird
import HummingbirdCore
import Logging
import MachineKit
import NIOCore
import ServiceLifecycle
import Synchronization
import SystemdTestKit
import Testing

@testable import Baton
@testable import BatonHummingbird
import BatonNIO
@testable import Systemd

/// An application on an activated socket of its own, in this process; what it told and logged is kept.
struct RunningServer: Sendable {
    /// What `onServerRunning` was given.
    let listener: any Channel
    private let group: ServiceGroup
    private let records: Records

    var port: UInt16 { UInt16(listener.localAddress?.port ?? 0) }
    /// The state words that systemd was told.
    var told: [String] { records.told }
    /// All that systemd was told, message by message.
    var messages: [String] { records.messages.withLock { $0 } }
    /// What was logged.
    var logged: [String] { records.logged.withLock { $0 } }

    /// Begins the drain.
    func stop() async { await group.triggerGracefulShutdown() }

    /// The status of a GET on a connection of its own.
    func status(_ path: String) async throws -> Int? {
        try await connect().get(path)?.status
    }

    /// Returns when what was sent before has been read: later connections have been answered on each of the event loops.
    func readWhatHasArrived() async throws {
        for connection in try await Connection.open(8, to: port, in: nil) { _ = try await connection.get("/") }
    }

    func connect() async throws -> Connection { try await Connection.open(to: port, in: nil) }

    /// Listening sockets on ports the kernel chooses.
    static func sockets(named names: [String]) throws -> ListenSockets {
        var sockets = ListenSockets()
        for name in names {
            sockets.append(owning: try ListenAddress.tcp(host: "127.0.0.1", port: 0).listen(), name: name)
        }
        return sockets
    }

    final class Records: Sendable {
        let messages = Mutex<[String]>([])
        let logged = Mutex<[String]>([])

        var told: [String] {
            messages.withLock { messages in
                messages.compactMap { message in
                    message.split(separator: "\n").first.map(String.init)
                        .flatMap { ["READY=1", "RELOADING=1", "STOPPING=1"].contains($0) ? $0 : nil }
                }
            }
        }

        var notifier: ServiceNotifier {
            ServiceNotifier { [self] message in
                messages.withLock { $0.append(message) }
                return .sent
            }
        }

        var logger: Logger {
            Logger(label: "test") { _ in Handler(records: self) }
        }

        private struct Handler: LogHandler {
            let records: Records
            var logLevel = Logger.Level.info
            var metadata: Logger.Metadata = [:]
            subscript(metadataKey key: String) -> Logger.Metadata.Value? {
                get { metadata[key] }
                set { metadata[key] = newValue }
            }
            func log(event: LogEvent) {
                records.logged.withLock { $0.append("\(event.level): \(event.message)") }
            }
        }
    }

    /// Runs an application, calls `body` when connections are accepted, and returns when the server has ended, which `body`
    /// or a signal must bring about; gives back how long it took from ``stop()`` or from the end of `body`.
    @discardableResult
    static func run(
        _ router: Router<BasicRequestContext>,
        http1: HTTP1Channel.Configuration = .init(),
        drain: DrainConfiguration = .init(timeout: .seconds(5), linger: .milliseconds(100)),
        upgrades: [HTTP1Upgrade] = [],
        configuration: ApplicationConfiguration = .init(),
        extraSockets: [String] = [],
        origin: Activation.Origin = .serviceManager,
        watchdog: WatchdogTimeout? = nil,
        lifecycle: Lifecycle = .init(),
        endsByItself: Bool = false,
        afterStart: @escaping @Sendable () async -> Void = {},
        change: (inout Application<RouterResponder<BasicRequestContext>>) -> Void = { _ in },
        _ body: @escaping @Sendable (RunningServer) async throws -> Void
    ) async throws -> (told: [String], logged: [String], sinceBody: Duration) {
        let records = Records()
        let (running, announce) = AsyncStream.makeStream(of: (any Channel).self)
        var application = Application(
            router: router,
            configuration: configuration,
            onServerRunning: { channel in
                announce.yield(channel)
                announce.finish()
                await afterStart()
            },
            logger: records.logger
        )
        change(&application)
        let service = try await application.activated(
            on: Activation(
                origin: origin,
                notifier: records.notifier,
                watchdog: watchdog,
                sockets: try sockets(named: ["http"] + extraSockets)
            ),
            http1: http1,
            upgrades: upgrades,
            drain: drain,
            lifecycle: lifecycle
        )
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: records.logger
            )
        )
        let bodyEnded = Mutex(ContinuousClock.now)
        let serving = Task {
            // A start that fails announces nothing.
            defer { announce.finish() }
            try await group.run()
        }
        for await listener in running {
            try await body(RunningServer(listener: listener, group: group, records: records))
            bodyEnded.withLock { $0 = .now }
        }
        if !endsByItself { await group.triggerGracefulShutdown() }
        try await serving.value
        return (
            records.told, records.logged.withLock { $0 },
            ContinuousClock.now - bodyEnded.withLock { $0 }
        )
    }
}
