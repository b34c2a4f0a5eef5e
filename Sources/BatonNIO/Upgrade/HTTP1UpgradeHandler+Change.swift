import NIOCore
import NIOHTTP1

/// What becomes of a request for an upgrade that is not the application's.
extension HTTP1UpgradeHandler {
    /// How long a client that was refused has to take the answer.
    private static let refusalGrace = TimeAmount.seconds(1)

    /// Answers with an error, and ends the connection. Nothing more is read: nobody would make anything of it.
    func refuse(
        _ status: HTTPResponseStatus,
        _ headers: HTTPHeaders,
        _ reason: String,
        _ context: ChannelHandlerContext
    ) {
        let body = ByteBuffer(string: reason + "\n")
        var headers = headers
        headers.replaceOrAdd(name: "connection", value: "close")
        // Who sends Upgrade says that it is for the next hop only (RFC 9110, 7.8).
        if headers.contains(name: "upgrade") { headers.add(name: "connection", value: "upgrade") }
        headers.replaceOrAdd(name: "content-type", value: "text/plain; charset=utf-8")
        headers.replaceOrAdd(name: "content-length", value: "\(body.readableBytes)")
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        phase = .refused
        dropTheRest(context)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        let box = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenSuccess {
            box.value.close(mode: .output, promise: nil)
            box.value.eventLoop.scheduleTask(in: Self.refusalGrace) { box.value.close(promise: nil) }
        }
    }

    /// The decoder leaves the pipeline a moment later, the others at once: so nothing is read in between.
    func change(
        to name: String,
        _ request: HTTPRequestHead,
        _ headers: HTTPHeaders,
        _ setUp: @escaping @Sendable (UpgradedConnection) throws -> HTTP1Upgrade.Work?,
        _ context: ChannelHandlerContext
    ) {
        guard context.channel.isActive else { return }
        let pipeline = context.pipeline.syncOperations
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        do {
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            pipeline.removeHandler(decoder).whenComplete { _ in
                let (handler, context) = box.value
                guard context.channel.isActive else { return }
                do {
                    try handler.finishChange(to: name, request, headers, setUp, context)
                } catch {
                    handler.fail(error, request, context)
                }
            }
        } catch {
            fail(error, request, context)
        }
    }

    private func finishChange(
        to name: String,
        _ request: HTTPRequestHead,
        _ headers: HTTPHeaders,
        _ setUp: @Sendable (UpgradedConnection) throws -> HTTP1Upgrade.Work?,
        _ context: ChannelHandlerContext
    ) throws {
        let pipeline = context.pipeline.syncOperations
        var headers = headers
        headers.replaceOrAdd(name: "connection", value: "Upgrade")
        headers.replaceOrAdd(name: "upgrade", value: name)
        let head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
        phase = .upgraded
        var handlers = httpHandlers
        if let handler = try? pipeline.handler(type: HTTP1BytesHandler.self) { handlers.append(handler) }
        if let handler = try? pipeline.handler(type: HTTP1DrainHandler.self) { handlers.append(handler) }
        handlers.append(try pipeline.handler(type: HTTPResponseEncoder.self))
        for handler in handlers { pipeline.removeHandler(handler, promise: nil) }
        let work = try setUp(
            UpgradedConnection(
                channel: context.channel,
                request: request,
                drainTimeout: drainTimeout,
                report: report,
                wall: self
            )
        )
        if let work { start(work) }
        // Told before, when there was nobody yet to hear of it.
        if isDraining { context.pipeline.fireUserInboundEventTriggered(DrainEvent.began) }
    }

    private func fail(_ error: any Error, _ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        report("\(request.method.rawValue) \(HTTP1Upgrade.path(of: request)): the upgrade has failed: \(error)")
        phase = .upgraded
        context.close(promise: nil)
    }
}

extension HTTP1Upgrade {
    /// The path of a request, without the query, which may hold what does not belong into a log.
    static func path(of request: HTTPRequestHead) -> String { String(request.uri.prefix { $0 != "?" }) }
}
