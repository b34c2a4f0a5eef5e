import NIOCore
import NIOPosix
import Testing

@testable import Baton
@testable import BatonNIO

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite(.timeLimit(.minutes(3))) struct IdleExitTests {
    @Test func isMeasuredFromTheStart() async throws {
        let server = try makeServer(Holder().sockets, idleExit: .milliseconds(200))
        let reasons = Told()
        let begin = ContinuousClock.now
        #expect(try await server.serve(stopping: reasons.note) == .drained)
        #expect(reasons.all == [.idle(.milliseconds(200))])
        #expect(ContinuousClock.now - begin >= .milliseconds(200))
    }

    @Test func isMeasuredFromWhenTheLastConnectionHasClosed() async throws {
        let holder = try Holder()
        let server = try makeServer(holder.sockets, idleExit: .seconds(1))
        // Before it serves: it would not wait for long.
        let first = try Client(port: holder.port)
        async let ended = {
            _ = try await server.serve()
            return ContinuousClock.now
        }()
        let closing = try await blocking {
            _ = try first.get("/")
            // Longer than the limit, and silent: a connection that is open is reason enough to stay.
            usleep(1_500_000)
            _ = try first.get("/")
            for _ in 0..<5 {
                _ = try Client(port: holder.port).get("/")
                usleep(50_000)
            }
            let closing = ContinuousClock.now
            try first.endSending()
            _ = try first.receive()
            return closing
        }
        // That it ends at all is what the suite's limit is for: a busy machine takes its time.
        let waited: Duration = try await ended - closing
        #expect(waited >= .seconds(1), "\(waited)")
    }

    /// A client comes at about the moment at which a server ends because there is none; its successor starts after that.
    @Test func noConnectionIsLostAtThatMoment() async throws {
        let holder = try Holder()
        var random = SystemRandomNumberGenerator()
        var answers: [String: Int] = [:]
        for _ in 0..<1000 {
            let delay = UInt32.random(in: 0...2500, using: &random)
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let first = try makeServer(
                holder.sockets,
                on: group,
                answer: "first",
                drain: .init(timeout: .seconds(10), linger: .seconds(5)),
                idleExit: .milliseconds(1)
            )
            async let answer = blocking {
                usleep(delay)
                return try Client(port: holder.port).get("/")
            }
            let outcome = try await first.serve()
            #expect(outcome == .drained)
            // As the end of a process, this ends what the server has left behind.
            try await group.shutdownGracefully()
            let second = try makeServer(holder.sockets, answer: "second")
            async let ended = second.serve()
            let text = try await answer
            answers[text, default: 0] += 1
            second.stop()
            _ = try await ended
        }
        #expect(answers.values.reduce(0, +) == 1000)
        #expect(answers["first", default: 0] > 20 && answers["second", default: 0] > 20, "\(answers)")
    }

    /// Where nobody else holds the socket, idle exit makes little sense; but what has come is still served.
    @Test func whoOwnsTheBacklogServesIt() async throws {
        for _ in 0..<50 {
            let holder = try Holder()
            let server = try makeServer(
                holder.sockets,
                drain: .init(timeout: .seconds(10), linger: .seconds(5)),
                ownsBacklog: true,
                idleExit: .milliseconds(0)
            )
            let client = try Client(port: holder.port)
            async let outcome = server.serve()
            #expect(try await blocking { try client.get("/") } == "hello")
            try await blocking { try client.endSending() }
            #expect(try await outcome == .drained)
        }
    }
}
