import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Systemd
import Testing

@testable import Baton
@testable import BatonNIO

/// The one call for a pipeline, in this process.
@Suite(.timeLimit(.minutes(1))) struct PipelineServerTests {
    private typealias Channel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private let holder: Holder
    private let records = Records()

    init() throws {
        holder = try Holder()
    }

    private var activation: Activation {
        Activation(origin: .serviceManager, notifier: ServiceNotifier { _ in .sent }, sockets: holder.sockets)
    }

    private func group(_ service: any Service) -> ServiceGroup {
        ServiceGroup(configuration: .init(services: [.init(service: service)], logger: Logger(label: "group")))
    }

    @Test func aConnectionServedByATaskLearnsOfTheDrain() async throws {
        let server = PipelineServer(named: "http", logger: records.logger) { channel in
            channel.eventLoop.makeCompletedFuture { try Channel(wrappingChannelSynchronously: channel) }
        } handle: { connection in
            try await connection.executeThenClose { inbound, outbound in
                try await withGracefulShutdownHandler {
                    for try await bytes in inbound {
                        try await outbound.write(bytes)
                        if bytes.readableBytesView.last == UInt8(ascii: "!") { break }
                    }
                } onGracefulShutdown: {
                    connection.channel.writeAndFlush(ByteBuffer(string: "goodbye"), promise: nil)
                }
            }
        }
        let group = group(try await server.service(on: activation))
        async let end: Void = group.run()
        let client = try Client(port: holder.port)
        try await blocking {
            try client.send("hello")
            #expect(try client.receive() == "hello")
        }
        await group.triggerGracefulShutdown()
        try await blocking {
            #expect(try client.receive() == "goodbye")
            try client.send("bye!")
            #expect(try client.receive() == "bye!")
            #expect(try client.receive() == "")
        }
        try await end
        #expect(records.logged.contains("drained: every request was answered"), "\(records.logged)")
    }

    /// Answers each message with so much that the client has to read for the rest to leave the process.
    private final class Big: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        static let size = 16 << 20
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let answer = ByteBuffer(repeating: UInt8(ascii: "x"), count: Self.size)
            context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        }
    }

    /// It was answered before the drain, and its client reads long after that has begun.
    @Test(arguments: [IdleDrainHandler.Counting.messages, .events])
    func anAnswerThatTheClientIsSlowToReadArrivesWhole(counting: IdleDrainHandler.Counting) async throws {
        let server = PipelineServer(
            named: "http",
            drain: .init(timeout: .seconds(30), linger: .milliseconds(50)),
            logger: records.logger
        ) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandlers([
                    IdleDrainHandler(linger: .milliseconds(50), counting: counting), Big(),
                ])
            }
        }
        let group = group(try await server.service(on: activation))
        async let end: Void = group.run()
        let client = try Client(port: holder.port)
        let first = try await blocking {
            try client.send("hello")
            return try client.receive().utf8.count
        }
        await group.triggerGracefulShutdown()
        // Longer than the linger and what a client has to close its side.
        try await Task.sleep(for: .milliseconds(1500))
        let rest = try await blocking {
            var count = 0
            while case let bytes = try client.receive(), !bytes.isEmpty { count += bytes.utf8.count }
            return count
        }
        try await end
        #expect(first + rest == Big.size)
        #expect(records.logged.contains("drained: every request was answered"), "\(records.logged)")
    }

    @Test func aPipelineThatKnowsNothingOfDrainsIsKeptUntilTheDeadlineAndReported() async throws {
        let server = PipelineServer(
            named: "http",
            drain: .init(timeout: .seconds(3), linger: .zero),
            logger: records.logger
        ) { channel in
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Echo()) }
        }
        let group = group(try await server.service(on: activation))
        async let end: Void = group.run()
        let client = try Client(port: holder.port)
        try await blocking {
            try client.send("hello")
            #expect(try client.receive() == "hello")
        }
        let begin = ContinuousClock.now
        await group.triggerGracefulShutdown()
        try await blocking {
            try client.send("still there?")
            #expect(try client.receive() == "still there?")
            #expect(try client.receive() == "")
        }
        #expect(.now - begin >= .seconds(3))
        try await end
        let reports = records.logged.filter { $0.hasPrefix("connection cut at the drain's deadline: 127.0.0.1:") }
        #expect(
            reports.count == 1 && reports[0].hasSuffix("no handler that says what it was doing"),
            "\(records.logged)"
        )
    }

    @Test func aConnectionIsOverWhenTheClientEndsSending() async throws {
        let server = PipelineServer(named: "http", logger: records.logger) { channel in
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Echo()) }
        }
        let group = group(try await server.service(on: activation))
        async let end: Void = group.run()
        let client = try Client(port: holder.port)
        try await blocking {
            try client.send("hello")
            #expect(try client.receive() == "hello")
            try client.endSending()
            #expect(try client.receive() == "")
        }
        await group.triggerGracefulShutdown()
        try await end
    }

    private final class Echo: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.writeAndFlush(data, promise: nil) }
    }
}
