import BatonHummingbird
import BatonNIO
import Hummingbird
import MachineKit
import NIOCore
import ServiceLifecycle
import SystemdTestKit
import Testing

@testable import Baton
@testable import Systemd

/// Responses without an end of their own learn of a drain, and end well.
@Suite(.timeLimit(.minutes(1))) struct EndlessResponseTests {
    /// How the handler waits for the drain.
    enum Way: String, CaseIterable, Sendable {
        case waiting, handler, sequence, cancelled
    }

    private struct Endless: AsyncSequence, Sendable {
        struct AsyncIterator: AsyncIteratorProtocol {
            mutating func next() async -> Int? {
                (try? await Task.sleep(for: .milliseconds(5))) == nil ? nil : 1
            }
        }
        func makeAsyncIterator() -> AsyncIterator { AsyncIterator() }
    }

    private let router: Router<BasicRequestContext>

    init() {
        router = Router()
        router.get("/") { _, _ in "hello" }
        for way in Way.allCases {
            router.get(RouterPath("/\(way.rawValue)")) { _, _ in
                Response(
                    status: .ok,
                    body: .init { writer in
                        try await writer.write(ByteBuffer(string: "begin,"))
                        switch way {
                        case .waiting: try await gracefulShutdown()
                        case .handler:
                            let (told, tell) = AsyncStream.makeStream(of: Void.self)
                            await withGracefulShutdownHandler {
                                for await _ in told {}
                            } onGracefulShutdown: {
                                tell.finish()
                            }
                        case .sequence:
                            for await _ in Endless().cancelOnGracefulShutdown() {
                                try await writer.write(ByteBuffer(string: "event,"))
                            }
                        case .cancelled:
                            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(60)) }
                        }
                        try await writer.write(ByteBuffer(string: "end"))
                        try await writer.finish(nil)
                    }
                )
            }
        }
    }

    /// Returns when the response has begun.
    private static func begin(_ way: Way, on server: RunningServer) async throws -> Connection {
        let connection = try await server.connect()
        try await connection.send("GET /\(way.rawValue) HTTP/1.1\r\nHost: a\r\n\r\n")
        var bytes: [UInt8] = []
        while !String(decoding: bytes, as: UTF8.self).contains("begin,") { bytes += try await connection.receive() }
        connection.putBack(bytes)
        return connection
    }

    private static func expectEnd(of connection: Connection) async throws {
        // Only complete with the last chunk.
        let reply = try #require(try await connection.reply())
        #expect(reply.text.hasPrefix("begin,") && reply.text.hasSuffix("end"), "\(reply)")
    }

    @Test(arguments: Way.allCases)
    func theyEndWhenTheServiceIsTold(way: Way) async throws {
        let (_, logged, took) = try await RunningServer.run(router) { server in
            let connection = try await Self.begin(way, on: server)
            await server.stop()
            try await Self.expectEnd(of: connection)
        }
        #expect(took < .seconds(5))
        #expect(logged.last == "info: drained: every request was answered", "\(logged)")
    }

    /// A drain that begins inside, as at a hand-over to a successor.
    @Test(arguments: Way.allCases)
    func theyEndWhenTheServerStopsItself(way: Way) async throws {
        let (_, logged, took) = try await RunningServer.run(router, endsByItself: true) { server in
            let connection = try await Self.begin(way, on: server)
            server.listener.close(promise: nil)
            try await Self.expectEnd(of: connection)
        }
        #expect(took < .seconds(5))
        #expect(logged.last == "info: drained: every request was answered", "\(logged)")
    }
}
