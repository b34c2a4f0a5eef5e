public import NIOCore

/// Ends the connection of any protocol in a drain, by closures: for protocols that have no handler of their own for ``DrainEvent``.
///
///     // A protocol of lines, whose clients come again when they are told BYE.
///     let notice = DrainNoticeHandler(
///         began: { context in
///             let bye = NIOAny(ByteBuffer(string: "BYE\n"))
///             context.writeAndFlush(bye, promise: nil)
///             context.close(mode: .output, promise: nil)   // FIN: what the client still sends is read
///         },
///         cut: { "a client of lines that has not gone" }
///     )
///     try connection.addHandlers(LineDecoder(), notice, LineHandler())
///
/// Its place is where `began` can write what it wants to: what it writes passes only the handlers in front of it. It is for one
/// channel; the closures are called on its event loop.
public final class DrainNoticeHandler: ChannelDuplexHandler, RemovableChannelHandler {
    /// Passes everything on.
    public typealias InboundIn = NIOAny
    /// Passes everything on.
    public typealias InboundOut = NIOAny
    /// Passes everything on.
    public typealias OutboundIn = NIOAny
    /// Passes everything on.
    public typealias OutboundOut = NIOAny

    private let began: (ChannelHandlerContext) -> Void
    private let isBusy: () -> Bool
    private let cut: () -> String
    private var hasBegun = false
    private var moves: UInt64 = 0

    /// Creates the handler of one connection.
    ///
    /// - Parameters:
    ///   - began: The server stops: end the connection after what has begun. Called once.
    ///   - isBusy: Whether the connection counts as one with a request, and not as idle.
    ///   - cut: The deadline has come, and the channel is closed next: what is lost, for the log, behind the client's address.
    public init(
        began: @escaping (ChannelHandlerContext) -> Void,
        isBusy: @escaping () -> Bool = { true },
        cut: @escaping () -> String = { "a connection of another protocol" }
    ) {
        self.began = began
        self.isBusy = isBusy
        self.cut = cut
    }

    /// Notes that something has come.
    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        moves &+= 1
        context.fireChannelRead(data)
    }

    /// Notes that something is sent.
    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        moves &+= 1
        context.write(data, promise: promise)
    }

    /// Calls the closures.
    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case DrainEvent.began where !hasBegun:
            hasBegun = true
            began(context)
        case DrainEvent.census(let answer):
            let left = UInt64(ConnectionSocket.unsent(context) + ConnectionSocket.inKernel(context))
            let isBusy = isBusy()
            let activity = (moves &+ 1) &* 0x9E37_79B9_7F4A_7C15 &- left
            answer(ConnectionCensus(requests: isBusy ? 1 : 0, idle: isBusy ? 0 : 1, activity: activity))
        case DrainEvent.cut(let report):
            report("\(PeerName(context.channel.remoteAddress)): \(cut())")
        default:
            break
        }
        context.fireUserInboundEventTriggered(event)
    }
}

@available(*, unavailable)
extension DrainNoticeHandler: Sendable {}
