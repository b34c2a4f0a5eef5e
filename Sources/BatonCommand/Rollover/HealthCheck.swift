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
            var isOwn = await isHeld(channel, byOneOf: processes, until: answer.futureResult)
            let status: Result<HTTPResponseStatus, any Error>
            do { status = .success(try await answer.futureResult.get()) } catch { status = .failure(error) }
            timer.cancel()
            // It is accepted a moment before its process has a descriptor for it.
            if isOwn == false { isOwn = TCPPeer(of: channel)?.isHeld(byOneOf: processes) ?? false }
            return judge(status, isOwn: isOwn, unit)
        } catch {
            timer.cancel()
            answer.fail(error)
            return InstanceAnswers(complaint: complaint(error))
        }
    }

    /// Whether the instance has accepted the connection: asked while it is open, as one that has been closed is nobody's. Nil if that
    /// cannot be told.
    private func isHeld(
        _ channel: any Channel,
        byOneOf processes: Set<CInt>,
        until answer: EventLoopFuture<HTTPResponseStatus>
    ) async -> Bool? {
        guard channel.remoteAddress?.port != nil else { return nil }
        let isAnswered = Interruption()
        answer.whenComplete { _ in isAnswered.set() }
        while true {
            let isLast = isAnswered.isSet
            // Nobody's before it is accepted.
            if let peer = TCPPeer(of: channel) { return peer.isHeld(byOneOf: processes) }
            if isLast { return nil }
            try? await Task.sleep(for: .milliseconds(1))
        }
    }

    /// What an answer, or none, says of the instance. What the other one does is not its fault.
    func judge(_ status: Result<HTTPResponseStatus, any Error>, isOwn: Bool?, _ unit: UnitName) -> InstanceAnswers {
        if isOwn == false { return InstanceAnswers(others: 1) }
        switch status {
        case .success(let status) where (200..<300).contains(status.code):
            return isOwn == nil ? InstanceAnswers(unknown: 1) : InstanceAnswers(good: 1)
        case .success(let status):
            return InstanceAnswers(
                complaint: "\(words): \(status), of \(isOwn == nil ? "one of the instances" : "\(unit)")"
            )
        case .failure(let error): return InstanceAnswers(complaint: complaint(error))
        }
    }

    private func complaint(_ error: any Error) -> String { "\(words): \(ConnectionEnd(error).words)" }
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
