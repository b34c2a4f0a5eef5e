public import NIOCore
public import NIOHTTP1

/// Changes an HTTP/1.1 connection to another protocol when a request asks for it and an ``HTTP1Upgrade`` accepts it.
///
/// Its place is right behind ``HTTP1DrainHandler``. Requests before the one that asks for an upgrade are answered first. After an
/// upgrade nothing of HTTP is left in front of it, and nothing passes it but the end of the connection.
///
/// SwiftNIO's decoder parses nothing behind a request for an upgrade, or a CONNECT, whatever becomes of it: one that is not accepted is
/// answered with `Connection: close`, and what its client sends behind it is dropped.
public final class HTTP1UpgradeHandler: ChannelDuplexHandler, RemovableChannelHandler {
    /// Requests.
    public typealias InboundIn = HTTPServerRequestPart
    /// Requests that ask for no upgrade, or for one that is not here.
    public typealias InboundOut = HTTPServerRequestPart
    /// Responses.
    public typealias OutboundIn = HTTPServerResponsePart
    /// Responses.
    public typealias OutboundOut = HTTPServerResponsePart

    enum Phase {
        case http
        /// A request for an upgrade has come, and those before it are not answered yet.
        case waiting(HTTPRequestHead)
        /// Whether it is accepted is being decided.
        case deciding(HTTPRequestHead)
        /// That is decided, and the request has not been received to its end.
        case receiving(HTTPRequestHead, HTTP1Upgrade, HTTP1Upgrade.Answer)
        /// The connection is changing: what follows is not HTTP.
        case decided
        case refused
        case upgraded
    }

    private let upgrades: [HTTP1Upgrade]
    let httpHandlers: [any RemovableChannelHandler]
    let drainTimeout: Duration?
    let report: @Sendable (String) -> Void
    let start: @Sendable (@escaping HTTP1Upgrade.Work) -> Void
    var phase = Phase.http
    var isDraining = false
    /// Requests that have been passed on and not been answered.
    private var unanswered = 0
    /// What has been received of a request behind its head, until what becomes of it is decided; nothing is read meanwhile.
    private var held: [HTTPServerRequestPart] = []
    private var isReadWanted = false
    /// The responses from now on end the connection.
    private var isLast = false
    private var hasFailed = false

    /// Creates the handler of one connection.
    ///
    /// - Parameters:
    ///   - upgrades: What a client can ask for. Of several with the same name the first that does not answer
    ///     ``HTTP1Upgrade/Answer/notHere`` counts.
    ///   - httpHandlers: The HTTP handlers behind this one that must not stay after an upgrade, because they have timers for example.
    ///     SwiftNIO's own and Baton's in front of it are found.
    ///   - drainTimeout: How long a drain may take.
    ///   - report: Takes a line for the log about a connection that a drain has ended before its time, or that has failed.
    ///   - start: Runs the work of an upgraded connection in a task.
    public init(
        upgrades: [HTTP1Upgrade],
        removing httpHandlers: [any RemovableChannelHandler] = [],
        drainTimeout: Duration? = nil,
        report: @escaping @Sendable (String) -> Void = { _ in },
        start: @escaping @Sendable (@escaping HTTP1Upgrade.Work) -> Void = { work in Task { await work() } }
    ) {
        self.upgrades = upgrades
        self.httpHandlers = httpHandlers
        self.drainTimeout = drainTimeout
        self.report = report
        self.start = start
    }

    /// Passes a request on, unless it asks for an upgrade.
    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch phase {
        case .http:
            if case .head(let head) = unwrapInboundIn(data) {
                if head.method == .CONNECT || head.headers.contains(name: "upgrade") && Self.asksForUpgrade(head) {
                    phase = .waiting(head)
                    decideIfAnswered(context)
                    return
                }
                unanswered += 1
            }
            context.fireChannelRead(data)
            if isLast, case .end = unwrapInboundIn(data) { dropTheRest(context) }
        case .waiting, .deciding:
            held.append(unwrapInboundIn(data))
        case .receiving(let head, let upgrade, let answer):
            guard case .end = unwrapInboundIn(data) else { return }
            carryOut(answer, of: upgrade, head, context)
        case .decided, .refused, .upgraded:
            break
        }
    }

    /// Reads nothing while an upgrade is being decided, nor when it is refused.
    public func read(context: ChannelHandlerContext) {
        switch phase {
        case .waiting, .deciding: isReadWanted = true
        case .refused: break
        case .http, .receiving, .decided, .upgraded: context.read()
        }
    }

    /// Passes a response on.
    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where isLast:
            head.headers.replaceOrAdd(name: "connection", value: "close")
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end:
            context.write(data, promise: promise)
            unanswered = max(0, unanswered - 1)
            decideIfAnswered(context)
        default:
            context.write(data, promise: promise)
        }
    }

    /// As what SwiftNIO's decoder takes for a request for an upgrade.
    private static func asksForUpgrade(_ head: HTTPRequestHead) -> Bool {
        head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
    }

    private func decideIfAnswered(_ context: ChannelHandlerContext) {
        guard unanswered == 0, case .waiting(let head) = phase else { return }
        phase = .deciding(head)
        let names = head.version == .http1_1 ? head.headers[canonicalForm: "upgrade"].map { $0.lowercased() } : []
        ask(names.flatMap { name in upgrades.filter { $0.name == name } }[...], head, context)
    }

    private func ask(_ candidates: ArraySlice<HTTP1Upgrade>, _ head: HTTPRequestHead, _ context: ChannelHandlerContext)
    {
        guard let upgrade = candidates.first else { return passOn(head, context) }
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        upgrade.decide(head, context.channel).hop(to: context.eventLoop).whenComplete { result in
            let (handler, context) = box.value
            switch result {
            case .success(.notHere):
                handler.ask(candidates.dropFirst(), head, context)
            case .success(let answer):
                handler.take(answer, of: upgrade, head, context)
            case .failure(let error):
                handler.report(
                    "\(head.method.rawValue) \(HTTP1Upgrade.path(of: head)): upgrade to \(upgrade.name): \(error)"
                )
                let answer = HTTP1Upgrade.Answer.refused(.internalServerError, reason: "the upgrade has failed")
                handler.take(answer, of: upgrade, head, context)
            }
        }
    }

    /// There is no such upgrade: the application answers.
    private func passOn(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        phase = .http
        isLast = true
        unanswered += 1
        var head = head
        // So the application ends the connection, as it does for any client that says so.
        head.headers.replaceOrAdd(name: "connection", value: "close")
        let parts = [.head(head)] + takeHeld()
        for part in parts { context.fireChannelRead(wrapInboundOut(part)) }
        if case .end? = parts.last { dropTheRest(context) }
        if parts.count > 1 { context.fireChannelReadComplete() }
        readIfWanted(context)
    }

    func dropTheRest(_ context: ChannelHandlerContext) {
        try? context.pipeline.syncOperations.handler(type: HTTP1BytesHandler.self).dropTheRest()
    }

    private func take(
        _ answer: HTTP1Upgrade.Answer,
        of upgrade: HTTP1Upgrade,
        _ head: HTTPRequestHead,
        _ context: ChannelHandlerContext
    ) {
        phase = .receiving(head, upgrade, answer)
        let isComplete = takeHeld().contains { if case .end = $0 { true } else { false } }
        if isComplete { carryOut(answer, of: upgrade, head, context) }
        readIfWanted(context)
    }

    private func takeHeld() -> [HTTPServerRequestPart] {
        defer { held = [] }
        return held
    }

    private func readIfWanted(_ context: ChannelHandlerContext) {
        guard isReadWanted else { return }
        isReadWanted = false
        context.read()
    }

    private func carryOut(
        _ answer: HTTP1Upgrade.Answer,
        of upgrade: HTTP1Upgrade,
        _ head: HTTPRequestHead,
        _ context: ChannelHandlerContext
    ) {
        phase = .decided
        switch answer {
        case .notHere: break
        case .refused(let status, let headers, let reason): refuse(status, headers, reason, context)
        case .accepted(let headers, let setUp): change(to: upgrade.name, head, headers, setUp, context)
        }
    }

    /// Nothing goes on that is not HTTP.
    public func channelReadComplete(context: ChannelHandlerContext) {
        if case .upgraded = phase { return }
        context.fireChannelReadComplete()
    }

    /// Notes that the drain has begun; after an upgrade what is behind this does not hear of the connection's events.
    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case DrainEvent.began = event { isDraining = true }
        if case .upgraded = phase { return }
        context.fireUserInboundEventTriggered(event)
    }

    /// After an upgrade the first error that nobody has dealt with is reported; that a client has gone is none.
    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard case .upgraded = phase else { return context.fireErrorCaught(error) }
        guard !hasFailed, !(error is IOError), !(error is ChannelError) else { return }
        hasFailed = true
        report("\(PeerName(context.channel.remoteAddress)): an upgraded connection: \(error)")
    }
}

@available(*, unavailable)
extension HTTP1UpgradeHandler: Sendable {}
