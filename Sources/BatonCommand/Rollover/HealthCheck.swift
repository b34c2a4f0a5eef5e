import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Requests to the sockets that instances share; those that the new one answers have to be good.
struct HealthCheck: InstanceCheck {
    /// More than one, so that no instance is there first for all of them.
    private static let atOnce = 4
    private static let patience = TimeAmount.seconds(5)

    private let server: ServerAddress
    private let request: HTTPRequestHead
    private let words: String

    init(_ target: ProbeTarget, path: String) throws(RolloverRefused) {
        words = "\(target.words)\(path)"
        do {
            var tls: ServerAddress.TLS?
            if case .tcp(let host, _, isTLS: true) = target {
                var configuration = TLSConfiguration.makeClientConfiguration()
                configuration.certificateVerification = .none
                tls = try .init(configuration, host: host)
            }
            server = ServerAddress(address: try target.resolve(), tls: tls)
        } catch {
            throw RolloverRefused(description: "\(words) cannot be asked: \(error)")
        }
        // Not with `Connection: close`: an end that is closed already is nobody's.
        let headers: HTTPHeaders = ["host": target.authority, "user-agent": "baton-rollover"]
        request = HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: headers)
    }

    func ask(_ processes: Set<CInt>, of unit: UnitName) async -> InstanceAnswers {
        await withTaskGroup { group in
            for _ in 0..<Self.atOnce { group.addTask { await askOnce(processes, of: unit) } }
            return await group.reduce(InstanceAnswers(), +)
        }
    }

    private func askOnce(_ processes: Set<CInt>, of unit: UnitName) async -> InstanceAnswers {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let answer = loop.makePromise(of: HTTPResponseStatus.self)
        let timer = loop.scheduleTask(in: Self.patience) { answer.fail(ChannelError.connectTimeout(Self.patience)) }
        let request = request
        do {
            let channel = try await server.bootstrap(on: loop, timeout: .zero)
                .connectTimeout(Self.patience)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try server.prepare(channel)
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        try channel.pipeline.syncOperations.addHandler(HealthAnswerHandler(request, answer))
                    }
                }
                .connect(to: server.address).get()
            defer { channel.close(promise: nil) }
            let status = try await answer.futureResult.get()
            timer.cancel()
            let isGood = (200..<300).contains(status.code)
            switch TCPPeer(of: channel)?.isHeld(byOneOf: processes) {
            case true? where isGood: return InstanceAnswers(good: 1)
            case false?: return InstanceAnswers(others: 1)
            case nil where isGood: return InstanceAnswers(unknown: 1)
            case nil: return InstanceAnswers(complaint: "\(words): \(status), of one of the instances")
            default: return InstanceAnswers(complaint: "\(words): \(status), of \(unit)")
            }
        } catch {
            timer.cancel()
            answer.fail(error)
            return InstanceAnswers(complaint: "\(words): \(ConnectionEnd(error).words)")
        }
    }
}

/// Sends the request, and tells the status of the answer when that has begun: its connection is still open then.
private final class HealthAnswerHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let request: HTTPRequestHead
    private let answer: EventLoopPromise<HTTPResponseStatus>

    init(_ request: HTTPRequestHead, _ answer: EventLoopPromise<HTTPResponseStatus>) {
        (self.request, self.answer) = (request, answer)
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(request)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = unwrapInboundIn(data) { answer.succeed(head.status) }
    }

    func channelInactive(context: ChannelHandlerContext) { answer.fail(ChannelError.eof) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { answer.fail(error) }
}
