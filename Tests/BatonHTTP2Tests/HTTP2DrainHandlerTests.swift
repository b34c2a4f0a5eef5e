import BatonNIO
import NIOCore
import NIOEmbedded
import NIOHTTP2
import Testing

@testable import BatonHTTP2

/// The handler in front of SwiftNIO's connection manager; the frames that would be a client's are written and read here.
@Suite struct HTTP2DrainHandlerTests {
    private let channel = EmbeddedChannel()
    private let manager: NIOHTTP2ServerConnectionManagementHandler
    private let limit = TimeAmount.seconds(2)

    init() throws {
        manager = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: channel.eventLoop,
            configuration: .init(maxIdleTime: nil, maxAge: nil, maxGraceTime: nil, keepalive: nil)
        )
        try channel.pipeline.syncOperations.addHandlers(HTTP2DrainHandler(goAwayLimit: limit), manager)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 8080)).wait()
    }

    private enum Sent: Equatable {
        case goAway(last: HTTP2StreamID)
        case ping(HTTP2PingData)
        case other
    }

    private func sent() throws -> [Sent] {
        var frames: [Sent] = []
        while let frame = try channel.readOutbound(as: HTTP2Frame.self) {
            switch frame.payload {
            case .goAway(let last, _, _): frames.append(.goAway(last: last))
            case .ping(let data, ack: false): frames.append(.ping(data))
            default: frames.append(.other)
            }
        }
        return frames
    }

    /// Begins the drain; returns what the PING behind the first GOAWAY says.
    private func drain() throws -> HTTP2PingData {
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.began)
        let frames = try sent()
        #expect(frames.count == 2 && frames.first == .goAway(last: .maxID))
        guard case .ping(let data) = frames.last else { throw ChannelError.eof }
        return data
    }

    private func acknowledge(_ data: HTTP2PingData) throws {
        try channel.writeInbound(HTTP2Frame(streamID: .rootStream, payload: .ping(data, ack: true)))
    }

    private func passed() throws -> Int {
        var count = 0
        while try channel.readInbound(as: HTTP2Frame.self) != nil { count += 1 }
        return count
    }

    @Test func theSecondGoAwayComesWithTheAcknowledgementAndKnowsTheStreamsBetween() throws {
        let ping = try drain()
        manager.http2StreamDelegate.streamCreated(5, channel: channel)
        try acknowledge(ping)
        #expect(try sent() == [.goAway(last: 5)])
        channel.embeddedEventLoop.advanceTime(by: limit * 2)
        #expect(try sent() == [])
        #expect(channel.isActive, "a stream is open")
    }

    @Test func aClientThatDoesNotAcknowledgeIsNotWaitedForBeyondTheLimit() throws {
        let ping = try drain()
        manager.http2StreamDelegate.streamCreated(7, channel: channel)
        channel.embeddedEventLoop.advanceTime(by: limit - .milliseconds(1))
        #expect(try sent() == [])
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(try sent() == [.goAway(last: 7)])
        #expect(try passed() == 1)
        // A later stream has been refused: the acknowledgement must not have the manager think again.
        try acknowledge(ping)
        #expect(try sent() == [])
        #expect(try passed() == 0)
        #expect(channel.isActive)
    }

    @Test func theConnectionClosesWhenTheLastStreamHasAndNotAtOnce() throws {
        let ping = try drain()
        manager.http2StreamDelegate.streamCreated(1, channel: channel)
        try acknowledge(ping)
        manager.http2StreamDelegate.streamClosed(1, channel: channel)
        #expect(channel.isActive, "what is written in this turn is still to be sent")
        channel.embeddedEventLoop.run()
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test func aPingOfAnotherKindIsPassedOn() throws {
        try acknowledge(HTTP2PingData(withInteger: 1))
        #expect(try passed() == 1)
    }

    @Test func aDrainBeforeTheConnectionIsActiveWaitsForIt() throws {
        let channel = EmbeddedChannel()
        let manager = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: channel.eventLoop,
            configuration: .init(maxIdleTime: nil, maxAge: nil, maxGraceTime: nil, keepalive: nil)
        )
        try channel.pipeline.syncOperations.addHandlers(HTTP2DrainHandler(goAwayLimit: limit), manager)
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.began)
        // It would come before the settings, with which each side begins.
        let early = try channel.readOutbound(as: HTTP2Frame.self)
        #expect(early == nil)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 8080)).wait()
        guard case .goAway(.maxID, .noError, _)? = try channel.readOutbound(as: HTTP2Frame.self)?.payload else {
            Issue.record("no GOAWAY")
            return
        }
    }

    @Test func withoutAConnectionManagerItClosesWhenNothingIsOpen() throws {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(HTTP2DrainHandler(goAwayLimit: limit))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 8080)).wait()
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.began)
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: limit + .seconds(1))
        #expect(!channel.isActive)
    }
}
