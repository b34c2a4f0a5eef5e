import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import BatonNIO

/// What has been received of a request is known exactly, wherever reads begin and end.
@Suite(.timeLimit(.minutes(1))) struct UnfinishedRequestTests {
    private static let streams = [
        "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\nGET / HTTP\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /c HTTP/1.1\r\nHost: a\r\ntransfer-encoding:  chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\nX: y\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /h HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n0\r\n\r\n"
            + "PUT /i HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n\r\nGET /j HTTP/1.1\r\nHost: a\r\n\r\n",
    ]

    /// Cut at every byte, and at some behind it.
    @Test(arguments: streams.indices)
    func itIsWhatTheDecoderHasMadeNothingOf(index: Int) async throws {
        let bytes = Array(Self.streams[index].utf8)
        try await blocking {
            var random = Seeded(index)
            for first in 0...bytes.count {
                for _ in 0..<4 {
                    let second = Int.random(in: first...bytes.count, using: &random)
                    try Self.check(bytes, cuts: [0, first, second, bytes.count])
                }
            }
        }
    }

    /// What a client can make as long as it likes is not kept: a line of a chunk's size, and what the decoder takes for nothing at all.
    @Test(arguments: ["POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;", "G"])
    func moreThanCouldBeHandedOverIsNotKept(start: String) {
        var unfinished = UnfinishedRequest()
        unfinished.received(ByteBuffer(string: start), decoded: .init(heads: start.count > 1 ? 1 : 0))
        let part = ByteBuffer(repeating: UInt8(ascii: "a"), count: 65_536)
        for _ in 0..<1000 {
            unfinished.received(part, decoded: .init())
            #expect(unfinished.keptBytes <= RequestFraming.mostBytes)
        }
        #expect(unfinished.bytes == nil)
        #expect(unfinished.byteCount == nil)
    }

    private static func check(_ bytes: [UInt8], cuts: [Int]) throws {
        let counting = Counting()
        let channel = EmbeddedChannel(handler: ByteToMessageHandler(HTTPRequestDecoder()))
        try channel.pipeline.syncOperations.addHandler(counting)
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        var unfinished = UnfinishedRequest()
        for (begin, end) in zip(cuts, cuts.dropFirst()) where begin < end {
            counting.counts = .init()
            let part = ByteBuffer(bytes: bytes[begin..<end])
            try channel.writeInbound(part)
            unfinished.received(part, decoded: counting.counts)
            if counting.isInBody {
                try #require(unfinished.bytes == nil, "\(cuts) at \(end)")
                continue
            }
            let rest = try #require(unfinished.bytes, "\(cuts) at \(end): \(counting.counts)")
            // What is said to be left gives the same as if it came first.
            try #require(bytes[..<end].suffix(rest.count) == rest[...], "\(cuts) at \(end)")
            let (left, all) = (try requests(in: rest + bytes[end...]), try requests(in: bytes))
            try #require(left == all - counting.total, "\(cuts) at \(end)")
        }
    }

    private static func requests(in bytes: [UInt8]) throws -> Int {
        let counting = Counting()
        let channel = EmbeddedChannel(handler: ByteToMessageHandler(HTTPRequestDecoder()))
        try channel.pipeline.syncOperations.addHandler(counting)
        try channel.writeInbound(ByteBuffer(bytes: bytes))
        _ = try channel.finish(acceptAlreadyClosed: true)
        return counting.total
    }

    private final class Counting: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        var counts = UnfinishedRequest.Decoded()
        private(set) var total = 0
        private(set) var isInBody = false

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head:
                counts.heads += 1
                isInBody = true
            case .body(let bytes):
                counts.bodyBytes += bytes.readableBytes
            case .end:
                counts.ends += 1
                total += 1
                isInBody = false
            }
        }
    }
}
