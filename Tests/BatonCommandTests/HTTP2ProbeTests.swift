import Histogram
import NIOCore
import NIOHPACK
import NIOHTTP2
import Synchronization
import Testing

@testable import BatonCommand

/// Probing HTTP/2: what is lost, and what may be sent again.
struct HTTP2ProbeTests {
    enum Deed: Sendable {
        case answer(String = "pid 7")
        case status(String)
        /// And an answer.
        case settings([HTTP2Setting])
        case reset(HTTP2ErrorCode)
        /// The first stream that is not looked at is this one; the others are answered, and then the connection ends.
        case goAway
        case close
    }

    /// Answers streams as it is told by their number, over all connections.
    private final class Server: ChannelInboundHandler {
        typealias InboundIn = HTTP2Frame
        typealias OutboundOut = HTTP2Frame

        private let deed: @Sendable () -> Deed
        private var last: HTTP2StreamID?

        init(_ deed: @escaping @Sendable () -> Deed) { self.deed = deed }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let frame = unwrapInboundIn(data)
            guard case .headers = frame.payload else { return }
            if let last, frame.streamID > last { return }
            switch deed() {
            case .answer(let body): answer(frame.streamID, "200", body, context)
            case .status(let status): answer(frame.streamID, status, "pid 7", context)
            case .settings(let settings):
                write(.settings(.settings(settings)), .rootStream, context)
                answer(frame.streamID, "200", "pid 7", context)
            case .reset(let code): write(.rstStream(code), frame.streamID, context)
            case .close: end(context)
            case .goAway:
                let last = HTTP2StreamID(Int(frame.streamID) - 2)
                self.last = last
                write(.goAway(lastStreamID: last, errorCode: .noError, opaqueData: nil), .rootStream, context)
                end(context)
            }
        }

        /// With FIN, whatever has come by now: close(2) of a socket with unread bytes sends RST.
        private func end(_ context: ChannelHandlerContext) { context.close(mode: .output, promise: nil) }

        private func answer(_ stream: HTTP2StreamID, _ status: String, _ body: String, _ context: ChannelHandlerContext)
        {
            write(.headers(.init(headers: [":status": status])), stream, context)
            write(.data(.init(data: .byteBuffer(ByteBuffer(string: body)), endStream: true)), stream, context)
        }

        private func write(
            _ payload: HTTP2Frame.FramePayload,
            _ stream: HTTP2StreamID,
            _ context: ChannelHandlerContext
        ) {
            context.writeAndFlush(wrapOutboundOut(HTTP2Frame(streamID: stream, payload: payload)), promise: nil)
        }
    }

    /// The request with this number, over all connections, is wronged.
    private func probe(
        tls: Bool = false,
        wronged number: Int = -1,
        by deed: Deed = .answer(),
        settings: [HTTP2Setting] = [],
        connections: Int = 2,
        streams: Int = 4,
        path: String = "/",
        right: String = "pid 7",
        lastStream: Int32 = .max,
        until isEnough: @escaping @Sendable (Tally.Count) -> Bool = { $0[.ok] >= 200 }
    ) async throws -> Record {
        let requests = Mutex(0)
        return try await SecureServer.with(protocols: tls ? ["h2"] : nil) { channel in
            let server = Server {
                let request = requests.withLock { count in
                    defer { count += 1 }
                    return count
                }
                return request == number ? deed : .answer(right)
            }
            let http2 = NIOHTTP2Handler(mode: .server, initialSettings: settings)
            try channel.pipeline.syncOperations.addHandlers([http2, server])
        } run: { server in
            var plan = ProbePlan(target: .tcp(host: "127.0.0.1", port: server.port, isTLS: tls))
            if tls { plan.tls = ProbePlan.TLSOptions(isInsecure: true) }
            (plan.modes, plan.connections, plan.streams) = ([.stream], connections, streams)
            (plan.path, plan.expected, plan.load) = (path, ExpectedBody(path: path), .steady(.seconds(60)))
            plan.lastStream = lastStream
            return try await run(plan, until: isEnough).record
        }
    }

    @Test(arguments: [false, true]) func streamsAreAnswered(tls: Bool) async throws {
        let record = try await probe(tls: tls)
        #expect(record.tally.total.failures == 0, "\(record.failures)")
        #expect(record.tally.total.closed == 0)
        #expect(record.tally[.stream][.turnedAway] == 0)
        #expect(record.addsUp)
        #expect(record.processes.inOrder.map(\.pid) == [7])
        #expect(record.latency.steady.totalCount >= 200)
    }

    /// More than the windows of a connection and of a stream.
    @Test func windowsAreOpenedAgain() async throws {
        let body = String(repeating: "x", count: 300_000)
        let record = try await probe(connections: 1, path: "/bytes/300000", right: body) { $0[.ok] >= 12 }
        #expect(record.tally.total.failures == 0, "\(record.failures)")
    }

    @Test func theServersLimitIsKept() async throws {
        let limit = [HTTP2Setting(parameter: .maxConcurrentStreams, value: 1)]
        let record = try await probe(settings: limit)
        #expect(record.tally.total.failures == 0, "\(record.failures)")
        #expect(record.tally.total.closed == 0)
    }

    /// What later settings do not say stays.
    @Test func theLimitStaysThroughOtherSettings() async throws {
        let limit = [HTTP2Setting(parameter: .maxConcurrentStreams, value: 1)]
        let other = [HTTP2Setting(parameter: .initialWindowSize, value: 70_000)]
        let record = try await probe(wronged: 20, by: .settings(other), settings: limit)
        #expect(record.tally.total.failures == 0, "\(record.failures)")
    }

    /// A connection has an end of numbers; what follows it has the next connection.
    @Test(arguments: [1, 9, 41] as [Int32]) func theNumbersOfStreamsComeToAnEnd(last: Int32) async throws {
        let record = try await probe(lastStream: last)
        #expect(record.tally.total.failures == 0, "\(record.failures)")
        #expect(record.tally.total.closed == 0, "the server has not asked for it")
        #expect(record.addsUp)
    }

    @Test func whatGoAwayRefusesIsNotLost() async throws {
        let record = try await probe(wronged: 20, by: .goAway) { $0[.ok] >= 200 && $0[.turnedAway] > 0 }
        #expect(record.tally.total.failures == 0, "\(record.failures)")
        #expect((1...4).contains(record.tally.total[.turnedAway]))
        #expect(record.tally.total.serverCloses == [.announced: 1])
        #expect(record.addsUp)
    }

    @Test func refusedStreamIsNotLost() async throws {
        let record = try await probe(wronged: 20, by: .reset(.refusedStream))
        #expect(record.tally.total.failures == 0, "\(record.failures)")
        #expect(record.tally.total[.turnedAway] == 1)
        #expect(record.tally.total.closed == 0)
    }

    @Test func aResetStreamIsLost() async throws {
        let record = try await probe(wronged: 20, by: .reset(.internalError))
        #expect(record.tally.total[.reset] == 1, "\(record.failures)")
        #expect(record.tally.total.failures == 1)
    }

    @Test func aConnectionThatEndsLosesItsStreams() async throws {
        let record = try await probe(wronged: 20, by: .close)
        #expect((1...4).contains(record.tally.total[.emptyReply]), "\(record.failures)")
        #expect(record.tally.total.failures == record.tally.total[.emptyReply])
        #expect(record.tally.total.serverCloses == [.unannounced: 1])
    }

    @Test func aWrongAnswerIsOne() async throws {
        #expect(try await probe(wronged: 20, by: .status("503")).tally.total[.serverError] == 1)
        #expect(try await probe(wronged: 20, by: .answer("nothing")).tally.total[.wrongBody] == 1)
    }

    @Test func aServerThatSpeaksHTTP1() async throws {
        let record = try await LoopbackServer.with { _ in
            .writeAndClose("HTTP/1.1 400 Bad Request\r\n\r\n")
        } _: { _ in
            .ignore
        } run: { server in
            var plan = ProbePlan(target: .tcp(host: "127.0.0.1", port: server.port))
            (plan.modes, plan.connections, plan.streams) = ([.stream], 1, 3)
            return try await run(plan) { $0.failures >= 3 }.record
        }
        #expect(record.tally.total.failures >= 3)
        #expect(record.tally.total[.ok] == 0)
        #expect(record.addsUp)
    }

    @Test func aServerThatDoesNotChooseIt() async throws {
        let record = try await SecureServer.with(protocols: ["http/1.1"]) { _ in
        } run: { server in
            var plan = ProbePlan(target: .tcp(host: "127.0.0.1", port: server.port, isTLS: true))
            (plan.modes, plan.connections, plan.streams) = ([.stream], 1, 3)
            plan.tls = ProbePlan.TLSOptions(isInsecure: true)
            return try await run(plan) { $0.failures >= 3 }.record
        }
        #expect(record.tally.total[.tls] >= 3, "\(record.failures)")
    }
}
