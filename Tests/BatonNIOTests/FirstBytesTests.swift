import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import Baton
@testable import BatonNIO

/// Telling HTTP/2 from HTTP/1.1, and what a drain does to a connection that has not told.
@Suite struct FirstBytesTests {
    private static let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    @Test(arguments: ["G", "GET / HTTP/1.1\r\n", "PO", "PUT", "PRO", "\r\n", "\u{16}\u{3}\u{1}", "PRI * HTTP/1.1"])
    func whatIsNotThePrefaceIsHTTP1(text: String) {
        #expect(FirstBytes(ByteBuffer(string: text)) == .http1)
    }

    @Test func thePrefaceIsToldWhenItIsWhole() {
        for length in 0..<Self.preface.count {
            #expect(FirstBytes(ByteBuffer(string: String(Self.preface.prefix(length)))) == nil)
        }
        #expect(FirstBytes(ByteBuffer(string: Self.preface)) == .http2)
        #expect(FirstBytes(ByteBuffer(string: Self.preface + "more")) == .http2)
    }

    /// Keeps what comes.
    private final class Sink: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let text = Mutex("")
        let events = Mutex<[String]>([])

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text.withLock { $0 += String(buffer: unwrapInboundIn(data)) }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            events.withLock { $0.append("\(event)") }
        }
    }

    private func open(idleTimeout: TimeAmount? = nil) throws -> (
        channel: EmbeddedChannel, sink: Sink, chosen: EventLoopFuture<FirstBytes>
    ) {
        let (channel, sink) = (EmbeddedChannel(), Sink())
        let pipeline = channel.pipeline
        let loop = channel.eventLoop
        let chosen = try channel.pipeline.syncOperations.configureByFirstBytes(
            linger: .milliseconds(250),
            idleTimeout: idleTimeout
        ) { first in
            loop.makeCompletedFuture {
                try pipeline.syncOperations.addHandler(sink)
                return first
            }
        }
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 8080)).wait()
        return (channel, sink, chosen)
    }

    @Test func allBytesReachTheProtocolInTheirOrder() throws {
        let (channel, sink, chosen) = try open()
        for character in Self.preface { try channel.writeInbound(ByteBuffer(string: String(character))) }
        try channel.writeInbound(ByteBuffer(string: "frames"))
        #expect(try chosen.wait() == .http2)
        #expect(sink.text.withLock { $0 } == Self.preface + "frames")
        #expect(throws: ChannelPipelineError.notFound) {
            _ = try channel.pipeline.syncOperations.handler(type: UndecidedHandler<FirstBytes, FirstBytes>.self)
        }
    }

    @Test func aDrainThatHasBegunIsToldToTheProtocol() throws {
        let (channel, sink, chosen) = try open()
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.began)
        try channel.writeInbound(ByteBuffer(string: "GET"))
        #expect(try chosen.wait() == .http1)
        #expect(sink.events.withLock { $0 } == ["began"])
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(channel.isActive, "its end is the protocol's business now")
    }

    @Test func whatDoesNotSufficeHasTheGrace() throws {
        let (channel, sink, chosen) = try open()
        try channel.writeInbound(ByteBuffer(string: "P"))
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.began)
        channel.embeddedEventLoop.advanceTime(by: .seconds(4))
        #expect(channel.isActive)
        try channel.writeInbound(ByteBuffer(string: "OST / HTTP/1.1"))
        #expect(try chosen.wait() == .http1)
        #expect(sink.text.withLock { $0 } == "POST / HTTP/1.1")
    }

    @Test func whatIsNeverCompletedIsClosedAfterTheGrace() throws {
        let (channel, _, chosen) = try open()
        try channel.writeInbound(ByteBuffer(string: "P"))
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.began)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(5500))
        #expect(!channel.isActive)
        #expect(throws: (any Error).self) { try chosen.wait() }
    }

    @Test func whileServingTheFirstBytesHaveTheirTimeToo() throws {
        let (channel, _, chosen) = try open(idleTimeout: .seconds(1))
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(999))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive)
        #expect(throws: (any Error).self) { try chosen.wait() }
        let (other, _, decided) = try open(idleTimeout: .seconds(1))
        try other.writeInbound(ByteBuffer(string: "GET"))
        #expect(try decided.wait() == .http1)
        other.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(other.isActive, "its end is the protocol's business now")
    }

    @Test func aSilentConnectionIsClosedWhenTheLingerIsOver() throws {
        let (channel, _, chosen) = try open()
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.began)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(249))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive)
        channel.embeddedEventLoop.run()
        #expect(throws: ChannelError.eof) { try chosen.wait() }
    }

    @Test func theCensusCountsItAsIdleUntilBytesHaveCome() throws {
        let (channel, _, _) = try open()
        let answers = Mutex<[ConnectionCensus]>([])
        for text in ["", "PRI"] {
            if !text.isEmpty { try channel.writeInbound(ByteBuffer(string: text)) }
            channel.pipeline.fireUserInboundEventTriggered(
                DrainEvent.census { census in answers.withLock { $0.append(census) } }
            )
        }
        #expect(answers.withLock { $0.map(\.requests) } == [0, 1])
    }

    @Test func aSilentConnectionThatCanBeHandedOverBecomesOneThatDoesIt() throws {
        let (channel, sink, chosen) = try open()
        let offer = ConnectionOffer(
            carrier: try Carrier.make().carrier,
            isEmptied: false,
            loops: [channel.eventLoop],
            moved: { _ in }
        )
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.handOver(offer))
        #expect(try chosen.wait() == .http1)
        #expect(sink.events.withLock { $0.count } == 1)
    }
}
