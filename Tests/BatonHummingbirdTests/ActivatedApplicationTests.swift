import Hummingbird
import HummingbirdCore
import Logging
import MachineKit
import NIOCore
import ServiceLifecycle
import Synchronization
import Systemd
import SystemdTestKit
import Testing

@testable import Baton
@testable import BatonHummingbird

/// An application on activated sockets, beside what Hummingbird's own server does.
@Suite struct ActivatedApplicationTests {
    private let router: Router<BasicRequestContext>

    init() {
        router = Router()
        router.get("/") { _, _ in "hello" }
        router.get("/error") { _, _ -> String in throw CancellationError() }
    }

    @Test func answersAsHummingbirdDoes() async throws {
        try await RunningServer.run(router, configuration: .init(serverName: "name")) { server in
            let reply = try #require(try await server.connect().get("/"))
            #expect(reply.status == 200 && reply.text == "hello")
            #expect(reply.headers["server"] == "name")
            #expect(try #require(reply.headers["date"]).contains(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/))
            #expect(try await server.status("/error") == 500)
            #expect(try await server.status("/nothing") == 404)
        }
    }

    @Test func systemdIsToldTheTruth() async throws {
        let (told, logged, _) = try await RunningServer.run(router) { server in
            #expect(server.told == ["READY=1"])
        }
        #expect(told == ["READY=1", "STOPPING=1"])
        #expect(logged.last == "info: drained: every request was answered")
    }

    @Test func gracefulShutdownReachesHandlers() async throws {
        let (reached, begin) = AsyncStream.makeStream(of: Void.self)
        router.get("/wait") { _, _ in
            begin.finish()
            try await gracefulShutdown()
            return "the server stops"
        }
        try await RunningServer.run(router) { server in
            let connection = try await server.connect()
            try await connection.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            for await _ in reached {}
            await server.stop()
            let reply = try #require(try await connection.reply())
            #expect(reply.text == "the server stops")
        }
    }

    @Test func servicesOutliveTheServerAndProcessesComeFirst() async throws {
        let order = Mutex<[String]>([])
        struct Recorder: Service {
            let note: @Sendable (String) -> Void
            func run() async throws {
                note("service runs")
                try await gracefulShutdown()
                note("service stops")
            }
        }
        let note: @Sendable (String) -> Void = { line in order.withLock { $0.append(line) } }
        let (told, _, _) = try await RunningServer.run(
            router,
            drain: .init(timeout: .seconds(10), linger: .seconds(5)),
            change: { application in
                application.addServices(Recorder(note: note))
                application.beforeServerStarts { note("before") }
            }
        ) { server in
            note("serving")
            let connection = try await server.connect()
            // Accepted: here nobody else holds the listen socket, so what is in its backlog goes with it.
            _ = try await connection.get("/")
            try await connection.send("GET / HT")
            await server.stop()
            try await connection.send("TP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await connection.reply()?.status == 200)
            note("answered")
        }
        #expect(told == ["READY=1", "STOPPING=1"])
        let lines = order.withLock { $0 }
        #expect(lines.filter { $0 == "before" || $0 == "serving" } == ["before", "serving"])
        #expect(lines.suffix(2) == ["answered", "service stops"])
    }

    @Test func stoppedBeforeItServesItNeverSaysReady() async throws {
        let records = RunningServer.Records()
        var application = Application(router: router, logger: records.logger)
        application.beforeServerStarts { try await gracefulShutdown() }
        let service = try await application.activated(
            on: try Activation(
                origin: .bound,
                notifier: records.notifier,
                sockets: RunningServer.sockets(named: ["http"])
            )
        )
        let group = ServiceGroup(services: [service], logger: records.logger)
        await group.triggerGracefulShutdown()
        try await group.run()
        #expect(records.messages.withLock { $0 } == [])
    }

    @Test func aSocketNobodyAskedForIsClosedWithAWarning() async throws {
        let (_, logged, _) = try await RunningServer.run(router, extraSockets: ["admin"]) { server in
            let status = try await server.status("/")
            #expect(status == 200)
        }
        #expect(logged.contains { $0.hasPrefix("warning: nobody asked for socket admin[0] stream 127.0.0.1:") })
    }

    @Test func theLimitOfConnectionsIsKept() async throws {
        var configuration = ApplicationConfiguration()
        configuration.availableConnectionsDelegate = .maximum(1, logger: RunningServer.Records().logger)
        try await RunningServer.run(router, configuration: configuration) { server in
            var first: Connection? = try await server.connect()
            #expect(try await first?.get("/")?.status == 200)
            let second = try await server.connect()
            try await second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await #expect(throws: ConnectionError.timeout) { try await second.reply(seconds: 0.3) }
            first = nil
            #expect(try await second.reply()?.status == 200)
        }
    }

    @Test func onServerRunningDoesNotHoldTheDrainUp() async throws {
        let (told, _, took) = try await RunningServer.run(
            router,
            afterStart: { await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in } }
        ) { server in
            let status = try await server.status("/")
            #expect(status == 200)
        }
        #expect(told == ["READY=1", "STOPPING=1"])
        #expect(took < .seconds(9))
    }

    /// A service that ends by itself has its group cancelled, while another takes its time.
    @Test func cancelledItAcceptsNothingAndLosesNoConnectionOnTheWay() async throws {
        struct Ending: Service {
            let stream: AsyncStream<Void>
            func run() async throws { for await _ in stream {} }
        }
        struct Slow: Service {
            func run() async throws {
                try? await gracefulShutdown()
                // Not even cancellation hurries it.
                await withCheckedContinuation { continuation in
                    Task.detached {
                        try? await Task.sleep(for: .milliseconds(500))
                        continuation.resume()
                    }
                }
            }
        }
        let (stream, end) = AsyncStream.makeStream(of: Void.self)
        await #expect(throws: (any Error).self) {
            try await RunningServer.run(router, change: { $0.addServices(Ending(stream: stream), Slow()) }) { server in
                let connections = try await Connection.open(50, to: server.port, in: nil)
                end.finish()
                let limit = ContinuousClock.now + .seconds(20)
                while .now < limit {
                    // Refused at some point: the accept loop has ended and closed its sockets.
                    guard let late = try? await server.connect() else { break }
                    try? await late.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    _ = try? await late.reply(seconds: 1)
                }
                await #expect(throws: ConnectionError.refused) { try await server.connect() }
                withExtendedLifetime(connections) {}
            }
        }
    }

    @Test func aServerThatWouldBeServedAsSomethingElseIsRefused() async throws {
        struct Other: ServerChildChannel {
            let http1: HTTP1Channel
            func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
                http1.setup(channel: channel, logger: logger)
            }
            func handle(value: HTTP1Channel.Value, logger: Logger) async {
                await http1.handle(value: value, logger: logger)
            }
        }
        let application = Application(
            router: router,
            server: HTTPServerBuilder { Other(http1: HTTP1Channel(responder: $0)) }
        )
        let sockets = try RunningServer.sockets(named: ["http"])
        let activation = Activation(origin: .bound, notifier: ServiceNotifier { _ in .sent }, sockets: sockets)
        do {
            _ = try await application.activated(on: activation)
            Issue.record("it was served as HTTP/1.1")
        } catch let error as UnsupportedServerError {
            #expect(error.description.contains("Server<Other>"), "\(error)")
        }
    }

    @Test func closingTheChannelOfOnServerRunningStopsTheServer() async throws {
        let (logger, notifier) = (RunningServer.Records().logger, ServiceNotifier { _ in .nobodyToTell })
        let application = Application(
            router: router,
            onServerRunning: { channel in
                #expect(channel.isActive)
                #expect(channel.localAddress?.ipAddress == "127.0.0.1")
                channel.close(promise: nil)
            },
            logger: logger
        )
        let service = try await application.activated(
            on: Activation(origin: .bound, notifier: notifier, sockets: try RunningServer.sockets(named: ["http"]))
        )
        // A service that ends by itself ends its group with an error, as Hummingbird's does.
        await #expect(throws: ServiceGroupError.self) {
            try await ServiceGroup(services: [service], logger: logger).run()
        }
    }
}
