import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import BatonNIO

/// The handler in a pipeline, without a socket.
@Suite struct IdleDrainHandlerTests {
    private let requests = Requests()

    /// Where the application would be.
    private final class Requests: ChannelInboundHandler {
        typealias InboundIn = String
        var all: [String] = []

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { all.append(unwrapInboundIn(data)) }
    }

    private func channel(_ counting: IdleDrainHandler.Counting = .messages) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandlers([
            IdleDrainHandler(linger: .milliseconds(250), counting: counting), requests,
        ])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 7000)).wait()
        return channel
    }

    private func drain(_ channel: EmbeddedChannel) {
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.began)
    }

    private func answer(_ channel: EmbeddedChannel) throws -> String? {
        channel.writeAndFlush("answer", promise: nil)
        return try channel.readOutbound(as: String.self)
    }

    private func census(_ channel: EmbeddedChannel) -> ConnectionCensus? {
        let said = Mutex<ConnectionCensus?>(nil)
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.census { census in said.withLock { $0 = census } })
        return said.withLock { $0 }
    }

    @Test func anIdleConnectionIsServedForTheLinger() throws {
        let channel = try channel()
        drain(channel)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(249))
        #expect(channel.isActive)
        try channel.writeInbound("late")
        #expect(requests.all == ["late"])
        #expect(try answer(channel) == "answer")
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(251))
        #expect(!channel.isActive)
    }

    @Test func aBusyOneEndsWithItsLastAnswerAndReadsNoMore() throws {
        let channel = try channel()
        try channel.writeInbound("one")
        try channel.writeInbound("two")
        drain(channel)
        channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(channel.isActive)
        #expect(census(channel)?.requests == 2)
        #expect(try answer(channel) == "answer")
        channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(channel.isActive)
        #expect(try answer(channel) == "answer")
        _ = try? channel.writeInbound("after the end")
        #expect(requests.all == ["one", "two"])
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(251))
        #expect(!channel.isActive)
    }

    @Test func whatHandlersTellIsWork() throws {
        let channel = try channel(.events)
        channel.triggerUserOutboundEvent(ConnectionWork.began, promise: nil)
        try channel.writeInbound("no request in itself")
        drain(channel)
        channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(channel.isActive)
        #expect(census(channel)?.requests == 1)
        channel.triggerUserOutboundEvent(ConnectionWork.ended, promise: nil)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(251))
        #expect(!channel.isActive)
    }

    @Test func withoutADrainNothingEnds() throws {
        let channel = try channel()
        try channel.writeInbound("one")
        #expect(try answer(channel) == "answer")
        channel.embeddedEventLoop.advanceTime(by: .hours(24))
        #expect(channel.isActive)
        let census = census(channel)
        #expect(census?.requests == 0 && census?.idle == 1)
    }

    @Test func aCutSaysWhatIsLost() throws {
        let channel = try channel()
        let lines = Mutex<[String]>([])
        let cut = DrainEvent.cut { line in lines.withLock { $0.append(line) } }
        channel.pipeline.fireUserInboundEventTriggered(cut)
        try channel.writeInbound("one")
        channel.pipeline.fireUserInboundEventTriggered(cut)
        let all = lines.withLock { $0 }
        #expect(all.count == 2)
        #expect(all.first?.contains(/^127\.0\.0\.1:7000, open for \d+ ms: nothing under way$/) == true, "\(all)")
        #expect(all.last?.hasSuffix(": 1 unanswered message") == true, "\(all)")
    }
}
