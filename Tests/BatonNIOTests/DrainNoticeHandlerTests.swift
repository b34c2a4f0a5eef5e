import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import BatonNIO

/// The connection of any protocol in a drain, by closures.
@Suite struct DrainNoticeHandlerTests {
    private let channel = EmbeddedChannel()

    private func census() -> ConnectionCensus? {
        let answer = Mutex<ConnectionCensus?>(nil)
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.census { said in answer.withLock { $0 = said } })
        return answer.withLock { $0 }
    }

    @Test func theClosuresAreCalledAndEverythingPasses() throws {
        var (begins, isBusy) = (0, true)
        let handler = DrainNoticeHandler(
            began: { context in
                begins += 1
                context.writeAndFlush(NIOAny(ByteBuffer(string: "BYE\n")), promise: nil)
                context.close(promise: nil)
            },
            isBusy: { isBusy },
            cut: { "a game" }
        )
        try channel.pipeline.syncOperations.addHandler(handler)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 8080)).wait()

        let before = try #require(census())
        #expect((before.requests, before.idle) == (1, 0))
        #expect(census() == before, "nothing has moved")
        try channel.writeInbound(ByteBuffer(string: "in"))
        #expect(try channel.readInbound(as: ByteBuffer.self) == ByteBuffer(string: "in"))
        isBusy = false
        let after = try #require(census())
        #expect((after.requests, after.idle) == (0, 1))
        #expect(after.activity != before.activity)

        let lines = Mutex<[String]>([])
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.cut { line in lines.withLock { $0.append(line) } })
        #expect(lines.withLock { $0 }.map { $0.hasSuffix(": a game") } == [true])

        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.began)
        channel.pipeline.fireUserInboundEventTriggered(DrainEvent.began)
        #expect(begins == 1)
        #expect(try channel.readOutbound(as: ByteBuffer.self) == ByteBuffer(string: "BYE\n"))
        #expect(!channel.isActive)
    }
}
