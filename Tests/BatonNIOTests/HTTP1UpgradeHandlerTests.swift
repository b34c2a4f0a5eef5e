import NIOCore
import NIOEmbedded
import NIOHTTP1
import Synchronization
import Testing

@testable import BatonNIO

/// The change of a connection to another protocol, in a pipeline as a server has it, without a socket.
@Suite struct HTTP1UpgradeHandlerTests {
    private struct Broken: Error {}

    private let channel = EmbeddedChannel()
    private let requests = Requests()
    private let reports = Lines()

    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        @Sendable func note(_ line: String) { lines.withLock { $0.append(line) } }
    }

    /// Where the application would be.
    private final class Requests: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        var parts: [String] = []

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): parts.append("\(head.uri) \(head.headers["connection"].joined())")
            case .body(let bytes): parts.append(String(buffer: bytes))
            case .end: parts.append("end")
            }
        }
    }

    /// The new protocol, which counts what it hears of a drain.
    private final class Other: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let heard = Lines()

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            heard.note(String(buffer: unwrapInboundIn(data)))
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case DrainEvent.began = event { heard.note("(began)") }
            context.fireUserInboundEventTriggered(event)
        }
    }

    private func serve(_ upgrades: HTTP1Upgrade...) throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: false)
        try pipeline.addHandler(HTTP1DrainHandler(linger: .milliseconds(250)))
        try pipeline.addHandler(HTTP1UpgradeHandler(upgrades: upgrades, report: reports.note))
        try pipeline.addHandler(requests)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 8080)).wait()
    }

    private func receive(_ text: String) throws {
        try channel.writeInbound(ByteBuffer(string: text))
        // The decoder leaves the pipeline in a turn of its own.
        channel.embeddedEventLoop.run()
    }

    private func ask(_ name: String, method: String = "GET", body: String = "") -> String {
        let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
        return "\(method) /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: \(name)\r\n\(length)\r\n\(body)"
    }

    private func sent() throws -> String {
        var sent = ""
        while let part = try channel.readOutbound(as: ByteBuffer.self) { sent += String(buffer: part) }
        return sent
    }

    /// Answers one request; returns what went out.
    private func respond() throws -> String {
        let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["content-length": "0"])
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
        return try sent()
    }

    private func accepting(_ name: String, _ other: Other) -> HTTP1Upgrade {
        HTTP1Upgrade(to: name) { _ in
            .accepted(headers: ["x-more": "yes"]) { connection in
                try connection.addHandlers(other)
                return nil
            }
        }
    }

    @Test func theConnectionIsAnotherOneThen() throws {
        let other = Other()
        try serve(accepting("lines", other))
        try receive(ask("LINES"))
        let head = try sent().lowercased()
        #expect(head.hasPrefix("http/1.1 101 "))
        #expect(head.contains("upgrade: lines\r\n") && head.contains("connection: upgrade\r\n"), "\(head)")
        #expect(head.contains("x-more: yes\r\n"), "\(head)")
        try receive("GET / HTTP/1.1\r\n\r\n")
        #expect(other.heard.all == ["GET / HTTP/1.1\r\n\r\n"])
        #expect(requests.parts == [])
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.began)
        channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(other.heard.all.last == "(began)")
        #expect(channel.isActive, "the linger is HTTP's")
        let pipeline = channel.pipeline.syncOperations
        #expect(throws: (any Error).self) { try pipeline.handler(type: HTTP1DrainHandler.self) }
        #expect(throws: (any Error).self) { try pipeline.handler(type: HTTP1BytesHandler.self) }
        #expect(throws: (any Error).self) { try pipeline.handler(type: HTTPResponseEncoder.self) }
    }

    @Test func requestsBeforeItAreAnsweredFirst() throws {
        let other = Other()
        try serve(accepting("lines", other))
        try receive("GET /first HTTP/1.1\r\nHost: a\r\n\r\n" + ask("lines"))
        #expect(requests.parts == ["/first ", "end"])
        #expect(try respond().hasPrefix("HTTP/1.1 200 "))
        channel.embeddedEventLoop.run()
        #expect(try sent().hasPrefix("HTTP/1.1 101 "))
    }

    @Test func whereThereIsNoneTheWholeRequestIsTheApplications() throws {
        try serve(HTTP1Upgrade(to: "lines") { _ in .notHere })
        try receive("GET /first HTTP/1.1\r\nHost: a\r\n\r\n" + ask("lines", method: "POST", body: "abcd"))
        #expect(requests.parts == ["/first ", "end"])
        #expect(try !respond().lowercased().contains("connection: close"))
        #expect(requests.parts == ["/first ", "end", "/x close", "abcd", "end"])
        #expect(try respond().lowercased().contains("connection: close"))
    }

    /// Counts what goes on to the decoder, which would keep it.
    private final class Passed: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var count = 0
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            count += unwrapInboundIn(data).readableBytes
            context.fireChannelRead(data)
        }
    }

    @Test(arguments: [
        "GET /x HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x", "CONNECT a:1 HTTP/1.1\r\nHost: a:1",
    ])
    func whatComesBehindOneThatIsNotHereIsDropped(request: String) throws {
        try serve()
        let passed = Passed()
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(passed, position: .after(pipeline.handler(type: HTTP1BytesHandler.self)))
        try receive(request + "\r\n\r\n")
        let head = passed.count
        for _ in 0..<10 { try receive(String(repeating: "x", count: 65_536)) }
        #expect(passed.count == head)
        #expect(requests.parts.last == "end")
        #expect(try respond().lowercased().contains("connection: close"))
    }

    @Test func ofSeveralTheFirstThatIsHereCounts() throws {
        let other = Other()
        try serve(HTTP1Upgrade(to: "lines") { _ in .notHere }, accepting("lines", other))
        try receive(ask("unknown, lines"))
        #expect(try sent().hasPrefix("HTTP/1.1 101 "))
    }

    @Test func aDecisionMayTakeItsTime() throws {
        let decision = channel.eventLoop.makePromise(of: HTTP1Upgrade.Answer.self)
        try serve(HTTP1Upgrade(to: "lines") { _, _ in decision.futureResult })
        try receive(ask("lines", method: "POST", body: "abcd"))
        #expect(try sent() == "")
        decision.succeed(.refused(.forbidden, reason: "not you"))
        let reply = try sent()
        #expect(reply.hasPrefix("HTTP/1.1 403 ") && reply.hasSuffix("not you\n"), "\(reply)")
        #expect(requests.parts == [])
    }

    @Test func aDrainThatBeginsMeanwhileIsToldToTheNewProtocol() throws {
        let (other, decision) = (Other(), channel.eventLoop.makePromise(of: HTTP1Upgrade.Answer.self))
        try serve(HTTP1Upgrade(to: "lines") { _, _ in decision.futureResult })
        try receive(ask("lines"))
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.began)
        decision.succeed(
            .accepted(headers: [:]) { connection in
                try connection.addHandlers(other)
                return nil
            }
        )
        channel.embeddedEventLoop.run()
        #expect(try sent().hasPrefix("HTTP/1.1 101 "))
        #expect(other.heard.all == ["(began)"])
    }

    @Test func aDecisionThatFailsIsAnError() throws {
        try serve(HTTP1Upgrade(to: "lines") { _, channel in channel.eventLoop.makeFailedFuture(Broken()) })
        try receive(ask("lines"))
        #expect(try sent().hasPrefix("HTTP/1.1 500 "))
        #expect(reports.all == ["GET /x: upgrade to lines: Broken()"])
    }

    @Test func aPipelineThatCannotBeBuiltEndsTheConnection() throws {
        try serve(HTTP1Upgrade(to: "lines") { _ in .accepted(headers: [:]) { _ in throw Broken() } })
        try receive(ask("lines"))
        #expect(!channel.isActive)
        #expect(reports.all == ["GET /x: the upgrade has failed: Broken()"])
    }
}
