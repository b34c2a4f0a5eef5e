import NIOCore
import NIOEmbedded
import NIOWebSocket
import Synchronization
import Testing

@testable import BatonNIO

/// The handler in a pipeline, without a socket: what no client on loopback brings about when a test wants it.
@Suite struct WebSocketDrainHandlerTests {
    private let channel = EmbeddedChannel()
    private let reports = Reports()
    private let application = Application()

    private final class Reports: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        @Sendable func note(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private final class Application: ChannelInboundHandler {
        typealias InboundIn = WebSocketFrame
        var opcodes: [WebSocketOpcode] = []
        func channelRead(context: ChannelHandlerContext, data: NIOAny) { opcodes.append(unwrapInboundIn(data).opcode) }
    }

    init() throws {
        var configuration = WebSocketConfiguration()
        configuration.goingAwayReason = String(repeating: "ü", count: 100)
        try channel.pipeline.syncOperations.addHandlers([
            WebSocketFrameEncoder(),
            ByteToMessageHandler(WebSocketFrameDecoder()),
            WebSocketDrainHandler(path: "/ws", configuration: configuration, report: reports.note),
            application,
        ])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 8080)).wait()
    }

    private func drain() { channel.pipeline.fireUserInboundEventTriggered(DrainEvent.began) }

    private func receive(_ opcode: UInt8, _ payload: [UInt8] = []) throws {
        let bytes = [0x80 | opcode, 0x80 | UInt8(payload.count), 0, 0, 0, 0] + payload
        try channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    private func write(_ opcode: WebSocketOpcode, isFinal: Bool = true) -> EventLoopFuture<Void> {
        channel.writeAndFlush(WebSocketFrame(fin: isFinal, opcode: opcode, data: ByteBuffer(string: "x")))
    }

    /// The first bytes of the frames that were sent: header and payload are buffers of their own.
    private func sent() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
        var (opcodes, index) = ([UInt8](), 0)
        while index < bytes.count {
            opcodes.append(bytes[index])
            index += 2 + Int(bytes[index + 1])
        }
        return opcodes
    }

    private func census() -> ConnectionCensus? {
        let answer = Mutex<ConnectionCensus?>(nil)
        channel.pipeline.fireUserInboundEventTriggered(
            DrainEvent.census { said in answer.withLock { $0 = $0 ?? said } }
        )
        return answer.withLock { $0 }
    }

    private func wait(_ time: TimeAmount) { channel.embeddedEventLoop.advanceTime(to: .now() + time) }

    @Test func aSecondDrainChangesNothing() throws {
        drain()
        drain()
        #expect(try sent() == [0x88])
    }

    @Test func theReasonIsCutWhereACharacterEnds() throws {
        drain()
        var bytes: [UInt8] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
        #expect(bytes.count == 2 + 2 + 122)
        #expect(String(validating: bytes.dropFirst(4), as: UTF8.self) == String(repeating: "ü", count: 61))
    }

    @Test func closeWaitsForTheEndOfAMessageThatIsBeingWritten() throws {
        _ = write(.text, isFinal: false)
        drain()
        #expect(try sent() == [0x01])
        _ = write(.continuation, isFinal: false)
        _ = write(.continuation)
        #expect(try sent() == [0x00, 0x80, 0x88])
    }

    @Test func atTheDeadlineItWaitsForTheEndOfAMessageNoLonger() throws {
        _ = write(.text, isFinal: false)
        drain()
        #expect(try sent() == [0x01])
        wait(.seconds(6))
        #expect(try sent() == [0x88])
        #expect(reports.all.count == 1, "\(reports.all)")
        wait(.seconds(12))
        #expect(!channel.isActive)
    }

    @Test func afterCloseNoDataIsSentAndItsWriterIsTold() throws {
        drain()
        let future = write(.text)
        #expect(throws: ChannelError.outputClosed) { try future.wait() }
        #expect(try sent() == [0x88])
    }

    @Test func dataIsDeliveredUntilTheClientsCloseAndNotBehindIt() throws {
        drain()
        try receive(1, [65])
        try receive(8, [3, 233])
        try receive(1, [65])
        #expect(application.opcodes == [.text, .connectionClose])
        #expect(try sent() == [0x88])
    }

    @Test func anApplicationsCloseBeginsTheHandshakeAndIsTheOnlyOne() throws {
        try write(.connectionClose).wait()
        drain()
        try receive(8)
        #expect(try sent() == [0x88])
    }

    @Test func pingsAreAnsweredAndPongsPassedOn() throws {
        try receive(9, [1, 2])
        try receive(10)
        #expect(try sent() == [0x8A])
        #expect(application.opcodes == [.pong])
    }

    @Test func ofTheClientsThatDoNotReadOnlyTheLastPingIsAnswered() throws {
        channel.isWritable = false
        for number: UInt8 in 0..<100 { try receive(9, [number]) }
        #expect(try sent() == [])
        channel.isWritable = true
        channel.pipeline.fireChannelWritabilityChanged()
        var bytes: [UInt8] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
        #expect(bytes == [0x8A, 1, 99])
    }

    @Test func aClientThatEndsWithoutCloseIsClosed() throws {
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(!channel.isActive)
    }

    @Test func anOpenOneCountsAsOneRequestWhoseActivityIsSeen() throws {
        let first = try #require(census())
        #expect((first.requests, first.idle) == (1, 0))
        try receive(1)
        #expect(census()?.activity != first.activity)
        drain()
        #expect(census()?.requests == 1)
        try receive(8)
        #expect(census()?.requests == 0)
    }

    @Test func saysWhatIsCut() throws {
        let lines = Reports()
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.cut(report: lines.note))
        drain()
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.cut(report: lines.note))
        #expect(lines.all.count == 2)
        #expect(lines.all.first?.hasSuffix(" ms: WebSocket /ws: it was open") == true, "\(lines.all)")
        #expect(lines.all.last?.hasSuffix(": the client had not answered Close") == true, "\(lines.all)")
    }

    @Test func aClientThatDoesNotAnswerIsReportedOnce() throws {
        drain()
        wait(.seconds(6))
        #expect(reports.all.count == 1)
        wait(.seconds(12))
        #expect(!channel.isActive)
        #expect(reports.all.count == 1)
    }
}
