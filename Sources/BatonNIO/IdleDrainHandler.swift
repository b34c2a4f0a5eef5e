public import NIOCore

/// Ends a connection of a simple protocol when the server stops (``DrainEvent``): an idle one after the linger, a busy one after
/// what it does.
///
/// Its place is right behind the handlers that make messages of bytes, before those that answer them. While serving it only counts.
/// From ``DrainEvent/began`` on:
/// - A connection without work, from which nothing has been received for the linger, is ended.
/// - One with work is ended when that is done and answered, unless more has arrived meanwhile: that is done first.
/// - To end it, FIN is sent behind the last answer. What the client still sends is read and dropped, so that no reset destroys that
///   answer: a client whose message is followed by the end of the connection instead of an answer may send it again elsewhere.
///
/// At ``DrainEvent/cut(report:)`` it says how much had not been answered.
public final class IdleDrainHandler: ChannelDuplexHandler, RemovableChannelHandler {
    /// Whatever the protocol's messages are.
    public typealias InboundIn = NIOAny
    /// As it came.
    public typealias InboundOut = NIOAny
    /// Whatever the protocol's answers are.
    public typealias OutboundIn = NIOAny
    /// As it came.
    public typealias OutboundOut = NIOAny

    /// What work is, to this handler.
    public enum Counting: Sendable, Hashable {
        /// Each message that is read begins some, and each that is written ends some: every message has one answer.
        case messages
        /// The handlers behind this one tell it, by ``ConnectionWork``.
        case events
    }

    /// How long the client has to close its side after the last answer, before all of it is closed.
    private static let closeGrace = TimeAmount.milliseconds(250)
    /// The least time between two looks at a socket that has not been read empty.
    private static let retry = TimeAmount.milliseconds(10)

    private enum Mode {
        case serving
        case draining
        case ended
    }

    private let linger: TimeAmount
    private let counting: Counting
    private let accepted = NIODeadline.now()
    private var mode = Mode.serving
    private var isInputClosed = false
    private var work = 0
    private var moves: UInt64 = 0
    /// Since when, in the drain, nothing has been received.
    private var quietSince = NIODeadline.distantPast
    private var timer: Scheduled<Void>?

    /// Creates the handler of one connection.
    ///
    /// - Parameters:
    ///   - linger: How long the connection is still served in a drain while it is idle.
    ///   - counting: What counts as work.
    public init(linger: TimeAmount = .milliseconds(250), counting: Counting = .messages) {
        self.linger = linger
        self.counting = counting
    }

    /// Forgets its timer.
    public func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    /// Passes a message on, unless it came after the end.
    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard mode != .ended else { return }
        if counting == .messages { work += 1 }
        context.fireChannelRead(data)
    }

    /// Notes that something has been received, a part of a message perhaps.
    public func channelReadComplete(context: ChannelHandlerContext) {
        moves &+= 1
        if mode == .draining { quietSince = .now() }
        context.fireChannelReadComplete()
        if mode == .ended { context.read() }
    }

    /// Passes an answer on.
    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        moves &+= 1
        guard counting == .messages, work > 0 else {
            context.write(data, promise: promise)
            return
        }
        work -= 1
        guard mode == .draining, work == 0 else {
            context.write(data, promise: promise)
            return
        }
        let written = promise ?? context.eventLoop.makePromise()
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        written.futureResult.whenComplete { _ in
            let (handler, context) = box.value
            handler.endIfIdle(context)
        }
        context.write(data, promise: written)
    }

    /// Takes ``ConnectionWork``; passes on what else handlers tell.
    public func triggerUserOutboundEvent(
        context: ChannelHandlerContext,
        event: Any,
        promise: EventLoopPromise<Void>?
    ) {
        guard let event = event as? ConnectionWork else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        moves &+= 1
        if counting == .events {
            work = max(0, work + (event == .began ? 1 : -1))
            endIfIdle(context)
        }
        promise?.succeed()
    }

    /// Begins the drain, tells how it goes, or reports at its deadline.
    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case DrainEvent.began where mode == .serving:
            mode = .draining
            quietSince = .now()
            wait(for: linger, context)
        case DrainEvent.census(let answer):
            let isBusy = work > 0 || ConnectionSocket.unsent(context) > 0
            answer(.init(requests: isBusy ? max(1, work) : 0, idle: isBusy ? 0 : 1, activity: moves))
        case DrainEvent.cut(let report):
            report(describe(context))
        case ChannelEvent.inputClosed:
            isInputClosed = true
            if mode == .ended, hasSentAll(context) { context.close(promise: nil) }
        default:
            break
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func endIfIdle(_ context: ChannelHandlerContext) {
        guard mode == .draining, work == 0, context.channel.isActive else { return }
        if ConnectionSocket.hasUnread(context) {
            // What has arrived is served; should nobody read it, the timer asks again.
            wait(for: max(linger, Self.retry), context)
        } else if isInputClosed, ConnectionSocket.unsent(context) > 0 {
            // SwiftNIO would make a full close of one of the output.
            wait(for: Self.closeGrace, context)
        } else {
            end(context)
        }
    }

    private func timerElapsed(_ context: ChannelHandlerContext) {
        switch mode {
        case .serving:
            break
        case .draining where work > 0:
            // Its end ends the connection.
            break
        case .draining:
            let left = quietSince + linger - .now()
            if left > .zero { wait(for: left, context) } else { endIfIdle(context) }
        case .ended:
            if hasSentAll(context) { context.close(promise: nil) } else { wait(for: Self.closeGrace, context) }
        }
    }

    /// Closing takes nothing away from the client. How slow it is does not matter: the deadline of the drain is the end of that.
    private func hasSentAll(_ context: ChannelHandlerContext) -> Bool {
        ConnectionSocket.unsent(context) == 0
            && (ConnectionSocket.inKernel(context) == 0 || !ConnectionSocket.hasUnread(context))
    }

    private func end(_ context: ChannelHandlerContext) {
        mode = .ended
        wait(for: Self.closeGrace, context)
        let closed = context.eventLoop.makePromise(of: Void.self)
        let box = NIOLoopBound(context, eventLoop: context.eventLoop)
        closed.futureResult.whenFailure { _ in box.value.close(promise: nil) }
        context.flush()
        context.close(mode: .output, promise: closed)
        context.read()
    }

    private func wait(for time: TimeAmount, _ context: ChannelHandlerContext) {
        timer?.cancel()
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: time) {
            let (handler, context) = box.value
            handler.timerElapsed(context)
        }
    }

    private func describe(_ context: ChannelHandlerContext) -> String {
        let age = (NIODeadline.now() - accepted).nanoseconds / 1_000_000
        let doing =
            work > 0
            ? "\(work) unanswered \(work == 1 ? "message" : "messages")"
            : ConnectionSocket.unsent(context) > 0 ? "the client had not read its answer" : "nothing under way"
        return "\(PeerName(context.channel.remoteAddress)), open for \(age) ms: \(doing)"
    }
}

@available(*, unavailable)
extension IdleDrainHandler: Sendable {}
