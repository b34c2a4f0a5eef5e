import NIOCore
import NIOHTTP1
import NIOWebSocket
import Synchronization
import Testing

@testable import BatonCommand

/// WebSockets over the end of a server.
struct WebSocketProbeTests {
    enum Deed: Sendable {
        case echo
        /// The end comes when nothing is under way.
        case echoAndEnd
        case say(String)
        case ping
        case close(Int?)
        /// The end of the connection and no Close.
        case end
    }

    private final class Server: ChannelInboundHandler {
        typealias InboundIn = WebSocketFrame
        typealias OutboundOut = WebSocketFrame

        private let deed: @Sendable () -> Deed

        init(_ deed: @escaping @Sendable () -> Deed) { self.deed = deed }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let frame = unwrapInboundIn(data)
            switch frame.opcode {
            case .text: perform(deed(), frame.unmaskedData, context)
            case .connectionClose: context.close(promise: nil)
            default: break
            }
        }

        private func perform(_ deed: Deed, _ message: ByteBuffer, _ context: ChannelHandlerContext) {
            switch deed {
            case .echo: write(.text, message, context)
            case .echoAndEnd:
                write(.text, message, context)
                context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(10)) { context.close(promise: nil) }
            case .say(let text): write(.text, ByteBuffer(string: text), context)
            case .ping:
                write(.ping, ByteBuffer(string: "are you there?"), context)
                write(.text, message, context)
            case .close(let code):
                var reason = ByteBuffer()
                if let code { reason.writeInteger(UInt16(code)) }
                write(.connectionClose, reason, context)
            case .end: context.close(promise: nil)
            }
        }

        private func write(_ opcode: WebSocketOpcode, _ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: opcode, data: bytes)), promise: nil)
        }
    }

    /// The fifth message is dealt with as the test says.
    private func probe(
        _ deed: Deed,
        path: String = "/echo",
        webSockets: Int = 2,
        pause: Duration = .milliseconds(5)
    ) async throws -> Record {
        let messages = Mutex(0)
        return try await SecureServer.with(protocols: nil) { channel in
            let upgrader = NIOWebSocketServerUpgrader { channel, head in
                channel.eventLoop.makeSucceededFuture(head.uri == "/echo" ? HTTPHeaders() : nil)
            } upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Server {
                            let number = messages.withLock { count in
                                defer { count += 1 }
                                return count
                            }
                            return number == 5 ? deed : .echo
                        }
                    )
                }
            }
            try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                withServerUpgrade: (upgraders: [upgrader], completionHandler: { _ in })
            )
        } run: { server in
            var plan = ProbePlan(target: .tcp(host: "127.0.0.1", port: server.port))
            (plan.modes, plan.connections) = ([], 0)
            (plan.webSockets, plan.webSocketPath, plan.pause) = (webSockets, path, pause)
            plan.load = .steady(.seconds(60))
            return try await run(plan) { $0[.ok] >= 30 || $0.failures > 2 }.record
        }
    }

    /// A failure between two messages has a next message, in place of the one that was to be next.
    @Test func anEndWhileIdleDoesNotDoubleTheLoad() async throws {
        let began = ContinuousClock.now
        let record = try await probe(.echoAndEnd, webSockets: 1, pause: .milliseconds(50))
        #expect(record.tally.total.failures == 1, "\(record.failures)")
        #expect(ContinuousClock.now - began > .milliseconds(27 * 50))
    }

    @Test(arguments: [Deed.echo, .ping]) func messagesComeBack(deed: Deed) async throws {
        let record = try await probe(deed)
        #expect(record.tally.total.failures == 0, "\(record.failures)")
        #expect(record.tally.total.closed == 0)
        #expect(record.tally[.webSocket][.ok] >= 30)
        #expect(record.addsUp)
    }

    @Test(arguments: [1001, 1012]) func toldToGoTheyComeAgain(code: Int) async throws {
        let record = try await probe(.close(code))
        #expect(record.tally.total.failures == 0, "\(record.failures)")
        #expect(record.tally.total[.turnedAway] == 1)
        #expect(record.tally.total.serverCloses == [.announced: 1])
    }

    @Test(arguments: [Deed.end, .close(1011), .close(nil)]) func anyOtherEndIsAFailure(deed: Deed) async throws {
        let record = try await probe(deed)
        #expect(record.tally.total[.webSocketClosed] == 1, "\(record.failures)")
        #expect(record.tally.total.failures == 1)
        #expect(record.tally.total.closed == 1)
    }

    @Test func aMessageThatComesBackOtherwise() async throws {
        let record = try await probe(.say("something else"))
        #expect(record.tally.total[.wrongBody] == 1, "\(record.failures)")
        #expect(record.tally.total.failures == 1)
    }

    @Test func noWebSocketThere() async throws {
        let record = try await LoopbackServer.with { _ in
            .write(Reply.reply("", status: "404 Not Found"))
        } run: { server in
            var plan = ProbePlan(target: .tcp(host: "127.0.0.1", port: server.port))
            (plan.modes, plan.connections, plan.webSockets) = ([], 0, 1)
            return try await run(plan) { $0.failures > 0 }.record
        }
        #expect(record.tally.total[.unexpectedStatus] > 0, "\(record.failures)")
        #expect(record.addsUp)
    }
}
