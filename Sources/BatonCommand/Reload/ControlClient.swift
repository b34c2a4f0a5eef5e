import Baton
import NIOCore
import NIOPosix

/// Asks one question on a service's control socket.
struct ControlClient {
    /// Where the socket is.
    let path: String

    /// Asks, and waits for the answer.
    ///
    /// - Parameters:
    ///   - question: A line, without its end.
    ///   - timeout: How many seconds to wait.
    /// - Returns: The answer; where there was none, why.
    func ask(_ question: String, timeout: Double) async -> ControlProtocol.Answer {
        let limit = TimeAmount.nanoseconds(Int64(timeout * 1e9))
        let group = MultiThreadedEventLoopGroup.singleton
        let answer = group.next().makePromise(of: String.self)
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: group)
                .connectTimeout(limit)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(AnswerHandler(answer: answer))
                    }
                }
                .connect(unixDomainSocketPath: path).get()
        } catch {
            answer.fail(error)
            return .failed("the service cannot be reached at \(path): \(error); does it run, and can it reload?")
        }
        let timer = channel.eventLoop.scheduleTask(in: limit) { answer.fail(NoAnswer.late) }
        defer {
            timer.cancel()
            channel.close(promise: nil)
        }
        do {
            try await channel.writeAndFlush(ByteBuffer(string: question + "\n"))
            let line = try await answer.futureResult.get()
            return ControlProtocol.Answer(line: line) ?? .failed("the service's answer is not understood: '\(line)'")
        } catch NoAnswer.late {
            return .failed("no answer within \(timeout) s (--timeout); the service may still be reloading")
        } catch {
            return .failed("the service went away before it had answered")
        }
    }
}

private enum NoAnswer: Error {
    case late
    case closed
}

/// Reads one line.
private final class AnswerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let answer: EventLoopPromise<String>
    private var received = ByteBuffer()

    init(answer: EventLoopPromise<String>) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.writeImmutableBuffer(unwrapInboundIn(data))
        if let end = received.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
            answer.succeed(received.readString(length: end - received.readerIndex) ?? "")
        } else if received.readableBytes > ControlProtocol.longestAnswer {
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer.fail(NoAnswer.closed)
        context.fireChannelInactive()
    }
}
