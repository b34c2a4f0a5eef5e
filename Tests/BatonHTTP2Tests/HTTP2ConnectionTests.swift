import BatonNIO
import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2
import Synchronization
import Testing

@testable import BatonHTTP2

/// The handlers in a server's pipeline as it is, with SwiftNIO's own client at the other end, and no socket between.
@Suite struct HTTP2ConnectionTests {
    private let server = EmbeddedChannel()
    private let client = EmbeddedChannel(handler: NIOHTTP2Handler(mode: .client))
    private let requests = Requests()

    /// The streams whose request has come, which it never answers.
    private final class Requests: Sendable {
        let paths = Mutex<[String]>([])
        let ended = Mutex(0)
        let streams = Mutex<[any Channel]>([])
    }

    private struct Answer {}

    private final class Stream: ChannelInboundHandler {
        typealias InboundIn = HTTP2Frame.FramePayload
        typealias OutboundOut = HTTP2Frame.FramePayload
        private let requests: Requests

        init(_ requests: Requests) { self.requests = requests }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .headers(let frame): requests.paths.withLock { $0.append(frame.headers.first(name: ":path") ?? "") }
            case .data(let frame) where frame.endStream: requests.ended.withLock { $0 += 1 }
            default: break
            }
        }

        /// Answers as a server of HTTP/1.1 would.
        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            guard event is Answer else { return context.fireUserInboundEventTriggered(event) }
            let headers: HPACKHeaders = [":status": "426", "upgrade": "websocket", "connection": "upgrade"]
            context.writeAndFlush(wrapOutboundOut(.headers(.init(headers: headers, endStream: true))), promise: nil)
        }
    }

    init() throws {
        let manager = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: server.eventLoop,
            configuration: .init(maxIdleTime: nil, maxAge: nil, maxGraceTime: nil, keepalive: nil)
        )
        let pipeline = server.pipeline.syncOperations
        _ = try pipeline.configureHTTP2Pipeline(
            mode: .server,
            connectionConfiguration: .init(),
            streamConfiguration: .init(),
            streamDelegate: manager.http2StreamDelegate
        ) { [requests] stream in
            requests.streams.withLock { $0.append(stream) }
            return stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandlers(HTTP2StreamDrainHandler(), Stream(requests))
            }
        }
        try pipeline.addHandler(manager)
        try HTTP2DrainHandler.add(to: pipeline)
        for channel in [server, client] {
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 8080)).wait()
        }
        try toServer()
        try toClient()
        try toServer()
        _ = try frames()
    }

    private func carry(from source: EmbeddedChannel, to target: EmbeddedChannel) throws {
        while case .byteBuffer(let bytes) = try source.readOutbound(as: IOData.self) { try target.writeInbound(bytes) }
    }

    private func toServer() throws { try carry(from: client, to: server) }
    private func toClient() throws { try carry(from: server, to: client) }

    private func request(
        _ path: String,
        _ stream: HTTP2StreamID,
        endStream: Bool = true,
        _ more: HPACKHeaders = [:]
    ) {
        var headers: HPACKHeaders = [":method": "GET", ":scheme": "http", ":authority": "test", ":path": path]
        headers.add(contentsOf: more)
        let frame = HTTP2Frame(
            streamID: stream,
            payload: .headers(.init(headers: headers, endStream: endStream))
        )
        client.writeAndFlush(frame, promise: nil)
    }

    /// What the client has been sent, less what is usual.
    private func frames() throws -> [String] {
        var said: [String] = []
        while let frame = try client.readInbound(as: HTTP2Frame.self) {
            switch frame.payload {
            case .goAway(let last, let code, _):
                said.append("goaway \(last == .maxID ? "none" : "\(Int(last))") \(code)")
            case .rstStream: said.append("reset \(Int(frame.streamID))")
            default: break
            }
        }
        return said
    }

    /// The streams' answers that have come, with their status and no other header field.
    private func answers() throws -> [String] {
        var said: [String] = []
        while let frame = try client.readInbound(as: HTTP2Frame.self) {
            guard case .headers(let answer) = frame.payload else { continue }
            said.append("\(Int(frame.streamID)): " + answer.headers.map(\.value).joined(separator: " "))
        }
        return said
    }

    private func drain() { server.pipeline.fireUserInboundEventTriggered(DrainEvent.began) }

    @Test func whatArrivesBetweenTheGoAwaysIsServed() throws {
        request("/before", 1)
        try toServer()
        drain()
        // The client has not seen it yet.
        request("/between", 3)
        try toServer()
        #expect(requests.paths.withLock { $0 } == ["/before", "/between"])
        try toClient()
        #expect(try frames() == ["goaway none \(HTTP2ErrorCode.noError)"])
        try toServer()
        try toClient()
        #expect(try frames() == ["goaway 3 \(HTTP2ErrorCode.noError)"])
        #expect(server.isActive)
    }

    @Test func whatArrivesAfterTheLastGoAwayTakesNothingWithIt() throws {
        request("/served", 1)
        try toServer()
        drain()
        server.embeddedEventLoop.advanceTime(by: HTTP2DrainHandler.goAwayLimit)
        // As the client has seen none of it, this one and its body come too late.
        request("/late", 3, endStream: false)
        let body = HTTP2Frame(streamID: 3, payload: .data(.init(data: .byteBuffer(ByteBuffer(string: "body")))))
        client.writeAndFlush(body, promise: nil)
        try toServer()
        #expect(requests.paths.withLock { $0 } == ["/served"])
        #expect(server.isActive)
        try toClient()
        #expect(try frames().contains("goaway 1 \(HTTP2ErrorCode.noError)"))
    }

    /// All of it comes in one read, and SwiftNIO's handler stops in the middle of that.
    @Test func whatIsBehindABodyOfARefusedRequestIsRead() throws {
        request("/upload", 1, endStream: false)
        try toServer()
        drain()
        server.embeddedEventLoop.advanceTime(by: HTTP2DrainHandler.goAwayLimit)
        request("/late", 3, endStream: false)
        func body(_ stream: HTTP2StreamID, endStream: Bool) -> HTTP2Frame {
            let data = IOData.byteBuffer(ByteBuffer(string: "body"))
            return HTTP2Frame(streamID: stream, payload: .data(.init(data: data, endStream: endStream)))
        }
        for _ in 0..<3 { client.writeAndFlush(body(3, endStream: false), promise: nil) }
        client.writeAndFlush(body(1, endStream: true), promise: nil)
        var all = ByteBuffer()
        while case .byteBuffer(var bytes) = try client.readOutbound(as: IOData.self) { all.writeBuffer(&bytes) }
        try server.writeInbound(all)
        #expect(requests.ended.withLock { $0 } == 1)
        #expect(requests.paths.withLock { $0 } == ["/upload"])
        #expect(server.isActive)
    }

    /// In HPACK as it is, and without a table: `x: ` and a line feed, and a name in upper case.
    @Test(arguments: [[0x00, 0x01, 0x78, 0x01, 0x0A], [0x00, 0x01, 0x58, 0x01, 0x61]] as [[UInt8]])
    func afterAMalformedHeaderTheOthersGoOn(field: [UInt8]) throws {
        request("/slow", 1)
        try toServer()
        drain()
        // The pseudo-header fields of the static table, with an authority.
        let block: [UInt8] = [0x82, 0x86, 0x84, 0x01, 0x01, 0x61] + field
        try server.writeInbound(ByteBuffer(bytes: [0, 0, UInt8(block.count), 1, 5, 0, 0, 0, 3] + block))
        server.embeddedEventLoop.run()
        #expect(server.isActive)
        #expect(requests.paths.withLock { $0 } == ["/slow"])
    }

    /// The manager would close the connection for it, with all that is under way.
    @Test func aMalformedRequestEndsItsStreamOnly() throws {
        request("/slow", 1)
        request("/upload", 3, endStream: false, ["content-length": "2"])
        try toServer()
        drain()
        let data = HTTP2Frame.FramePayload.Data(data: .byteBuffer(ByteBuffer(string: "too long")))
        // The client's own handler would not let it pass.
        var frame = ByteBuffer(bytes: [0, 0, 8, 0, 0, 0, 0, 0, 3])
        if case .byteBuffer(var bytes) = data.data { frame.writeBuffer(&bytes) }
        try server.writeInbound(frame)
        server.embeddedEventLoop.run()
        #expect(server.isActive)
        try toClient()
        #expect(try frames().contains("reset 3"))
    }

    @Test func headersThatAreForbiddenDoNotEndTheConnection() throws {
        request("/other", 1)
        request("/echo", 3)
        try toServer()
        let streams = requests.streams.withLock { $0 }
        streams[1].pipeline.fireUserInboundEventTriggered(Answer())
        #expect(server.isActive)
        try toClient()
        #expect(try answers() == ["3: 426"])
    }

    @Test func theReportNamesTheRequestsWithoutTheirQueries() throws {
        request("/slow?secret=1", 1)
        try toServer()
        let lines = Mutex<[String]>([])
        let census = Mutex<ConnectionCensus?>(nil)
        server.pipeline.fireUserInboundEventTriggered(
            DrainEvent.census { said in census.withLock { $0 = said } }
        )
        server.pipeline.fireUserInboundEventTriggered(
            DrainEvent.cut { line in lines.withLock { $0.append(line) } }
        )
        #expect(census.withLock { $0?.requests } == 1)
        let said = lines.withLock { $0 }
        #expect(said.count == 1 && said[0].hasSuffix("HTTP/2, GET /slow: its handler had not answered"), "\(said)")
    }
}
