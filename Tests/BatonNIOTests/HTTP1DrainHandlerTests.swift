import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOTLS
import Synchronization
import Testing

@testable import Baton
@testable import BatonNIO

/// The handler in a pipeline as a server has it, without a socket.
@Suite struct HTTP1DrainHandlerTests {
    private let channel = EmbeddedChannel()
    private let requests = Requests()

    /// Where the application would be.
    private final class Requests: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        var paths: [String] = []

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if case .head(let head) = unwrapInboundIn(data) { paths.append(head.uri) }
        }
    }

    init() throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: false)
        try pipeline.addHandler(HTTP1DrainHandler(linger: .milliseconds(250)))
        try pipeline.addHandler(requests)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 8080)).wait()
    }

    /// The state of TLS stays in this process.
    @Test func whatIsUnderTLSIsNotGivenAway() throws {
        let offer = ConnectionOffer(
            carrier: try Carrier.make().carrier,
            isEmptied: false,
            loops: [channel.eventLoop],
            moved: { _ in }
        )
        channel.pipeline.fireUserInboundEventTriggered(TLSUserEvent.handshakeCompleted(negotiatedProtocol: nil))
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.handOver(offer))
        drain()
        #expect(offer.report == "connections handed over: 0; not handed over: TLS: 1")
        #expect(channel.isActive)
        let told = EmbeddedChannel(handler: HTTP1DrainHandler(linger: .milliseconds(250), mayGiveAway: false))
        told.pipeline.fireUserInboundEventTriggered(DrainEvent.handOver(offer))
        #expect(offer.report == "connections handed over: 0; not handed over: TLS: 2")
    }

    private func receive(_ text: String) throws {
        try channel.writeInbound(ByteBuffer(string: text))
    }

    private func drain() {
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.began)
    }

    private func cut() -> [String] {
        let lines = Mutex<[String]>([])
        channel.pipeline.fireUserInboundEventTriggered(
            DrainEvent.cut { line in lines.withLock { $0.append(line) } }
        )
        return lines.withLock { $0 }
    }

    /// Answers one request; returns what went out.
    private func respond(_ status: HTTPResponseStatus = .ok) throws -> String {
        channel.write(
            HTTPServerResponsePart.head(
                HTTPResponseHead(version: .http1_1, status: status, headers: ["content-length": "0"])
            ),
            promise: nil
        )
        channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
        var sent = ""
        while let part = try channel.readOutbound(as: ByteBuffer.self) { sent += String(buffer: part) }
        return sent
    }

    private func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n" }

    @Test func whileServingAResponseIsLeftAsItIs() throws {
        try receive(get("/"))
        #expect(try !respond().lowercased().contains("connection:"))
        #expect(channel.isActive)
    }

    @Test func theLastOfThePipelinedResponsesSaysClose() throws {
        try receive((0..<3).map { get("/\($0)") }.joined())
        drain()
        #expect(requests.paths == ["/0", "/1", "/2"])
        #expect(
            try (0..<3).map { _ in try respond().lowercased().contains("connection: close") } == [false, false, true]
        )
    }

    @Test func anInformationalResponseDoesNotEndTheConnection() throws {
        try receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n")
        drain()
        channel.write(HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: .continue)), promise: nil)
        channel.flush()
        #expect(try channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0).contains("close") } == false)
        try receive("x")
        #expect(try respond().lowercased().contains("connection: close"))
    }

    @Test func whatComesAfterTheLastResponseIsNotProcessed() throws {
        try receive(get("/first"))
        drain()
        _ = try respond()
        try receive(get("/second"))
        #expect(requests.paths == ["/first"])
    }

    @Test func anIdleConnectionIsClosedAfterTheLinger() throws {
        try receive(get("/"))
        _ = try respond()
        drain()
        #expect(channel.isActive)
        // The embedded loop's clock stands still while the handler's runs: the first wake-up may come too early for it.
        channel.embeddedEventLoop.advanceTime(to: .now() + .seconds(1))
        #expect(!channel.isActive)
    }

    @Test(arguments: [
        ("GET /a HTT", "an incomplete request head, 10 bytes of it received"),
        ("GET /a HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a: its handler had not answered"),
        ("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx", "POST /a: its body was being received"),
        ("", "no request"),
        ("\r\n", "no request"),
        (
            "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /b: its handler had not answered, 1 more waited behind it"
        ),
    ])
    func saysWhatIsCut(received: String, report: String) throws {
        if !received.isEmpty { try receive(received) }
        drain()
        #expect(cut().map { $0.hasSuffix(" ms: \(report)") } == [true], "\(cut())")
    }

    @Test(arguments: 1..<28)
    func aRequestInTwoPiecesIsCompleteWhereverItIsCut(length: Int) throws {
        let request = get("/a")
        try receive(String(request.utf8.prefix(length)) ?? "")
        try receive(String(request.utf8.dropFirst(length)) ?? "")
        drain()
        #expect(try respond().lowercased().contains("connection: close"))
    }

    @Test(arguments: [
        "G", "GET /b HT", "GET /b HTTP/1.1\r\n", "GET /b HTTP/1.1\r\nHost: a\r\n", "GET /b HTTP/1.1\r\nHost: a\r\n\r",
    ])
    func aPartOfTheNextRequestInTheSamePacketKeepsTheConnection(part: String) throws {
        try receive(get("/a") + part)
        drain()
        #expect(try !respond().lowercased().contains("connection: close"))
        channel.embeddedEventLoop.advanceTime(to: .now() + .seconds(1))
        #expect(channel.isActive)
        try receive(String(get("/b").utf8.dropFirst(part.utf8.count)) ?? "")
        #expect(requests.paths == ["/a", "/b"])
        #expect(try respond().lowercased().contains("connection: close"))
    }
}
