import Baton
import BatonHummingbird
import BatonNIO
import Hummingbird
import HummingbirdCore
import MachineKit
import NIOCore
import NIOHTTP1
import Synchronization
import SystemdTestKit
import Testing

/// A protocol of the application's own, to which HTTP/1.1 connections can change.
@Suite(.timeLimit(.minutes(1))) struct OtherProtocolTests {
    /// Sends back what comes.
    private final class Echo: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            context.writeAndFlush(data, promise: nil)
        }
        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
            context.fireUserInboundEventTriggered(event)
        }
    }

    private static let lines = HTTP1Upgrade(to: "lines") { request in
        guard request.uri == "/lines" else { return .notHere }
        return .accepted(headers: [:]) { connection in
            let notice = DrainNoticeHandler(
                began: { context in
                    context.writeAndFlush(NIOAny(ByteBuffer(string: "BYE\n")), promise: nil)
                    context.close(mode: .output, promise: nil)
                },
                cut: { "a client of lines that has not gone" }
            )
            try connection.addHandlers(notice, Echo())
            return nil
        }
    }

    private func run(
        timeout: Duration,
        idleTimeout: Duration = .seconds(60),
        _ body: @escaping @Sendable (Connection, RunningServer) async throws -> Void
    ) async throws -> [String] {
        let router = Router()
        router.get("/") { _, _ in "hello" }
        let drain = DrainConfiguration(timeout: timeout, linger: .milliseconds(50))
        var configuration = HTTP1Channel.Configuration(idleTimeout: .init(idleTimeout))
        configuration.httpDecoder.maxHeaderFieldCount = 20
        return try await RunningServer.run(
            router,
            http1: configuration,
            drain: drain,
            upgrades: [Self.lines]
        ) { server in
            let connection = try await server.connect()
            #expect(try await connection.get("/")?.text == "hello")
            try await connection.send("GET /lines HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: lines\r\n\r\n")
            #expect(try await WebSocketClient(connection: connection).readHead().hasPrefix("HTTP/1.1 101 "))
            try await connection.send("one\n")
            #expect(try await connection.receive() == Array("one\n".utf8))
            try await body(connection, server)
        }.logged
    }

    private static func expectBye(_ connection: Connection) async throws {
        #expect(try await connection.receive() == Array("BYE\n".utf8))
        #expect(try await connection.receive().isEmpty, "a FIN, and no RST")
    }

    @Test func itEndsInItsOwnWay() async throws {
        let logged = try await run(timeout: .seconds(10)) { connection, server in
            await server.stop()
            try await Self.expectBye(connection)
            connection.finish()
        }
        #expect(logged.last == "info: drained: every request was answered", "\(logged)")
    }

    @Test func theIdleTimeoutOfHTTPIsNotItsOwn() async throws {
        _ = try await run(timeout: .seconds(10), idleTimeout: .seconds(2)) { connection, server in
            await #expect(throws: ConnectionError.timeout) { try await connection.receive(seconds: 2.5) }
            try await connection.send("two\n")
            #expect(try await connection.receive() == Array("two\n".utf8))
            await server.stop()
            try await Self.expectBye(connection)
            connection.finish()
        }
    }

    @Test func atTheDeadlineItIsCutAndNamed() async throws {
        // Its end of the connection stays open.
        let kept = Mutex<Connection?>(nil)
        let logged = try await run(timeout: .milliseconds(300)) { connection, server in
            kept.withLock { $0 = connection }
            await server.stop()
            try await Self.expectBye(connection)
        }
        let line = logged.first { $0.hasPrefix("warning: connection cut at the drain's deadline: 127.0.0.1:") }
        #expect(line?.hasSuffix(": a client of lines that has not gone") == true, "\(logged)")
    }
}
