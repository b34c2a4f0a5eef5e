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

@Suite(.timeLimit(.minutes(1))) struct CensusTests {
    private let holder: Holder

    init() throws {
        holder = try Holder()
    }

    /// Runs a server while `body` runs, and ends it by cancelling what is left.
    private func serving(
        _ server: DrainingServer<any Channel>,
        _ body: @escaping @Sendable (UInt16) async throws -> Void
    ) async throws {
        let run = Task { try await server.serve() }
        do {
            try await body(holder.port)
        } catch {
            run.cancel()
            throw error
        }
        run.cancel()
        _ = try await run.value
    }

    @Test func tellsRequestsFromIdleConnections() async throws {
        let server = try makeServer(holder.sockets)
        try await serving(server) { port in
            #expect(await server.census() == ConnectionCensus())
            let clients = try await blocking {
                let clients = try (0..<5).map { _ in try Client(port: port) }
                for client in clients { _ = try client.get("/") }
                for client in clients.prefix(2) { try client.request("/hang") }
                try clients[2].send("GET / HT")
                return clients
            }
            #expect(await census(of: server) { $0.requests == 3 } == (3, 2))
            try await blocking {
                try clients[2].send("TP/1.1\r\n\r\n")
                _ = try clients[2].receive()
            }
            #expect(await census(of: server) { $0.requests == 2 } == (2, 3))
            try await blocking { try clients[0].send(String(repeating: "GET /hang HTTP/1.1\r\n\r\n", count: 4)) }
            #expect(await census(of: server) { $0.requests == 6 } == (6, 3))
        }
    }

    /// The activity once the client's acknowledgements have come, too: that it stays the same then is what counts.
    private func settledActivity(of server: DrainingServer<any Channel>) async -> UInt64 {
        var last = await server.census().activity
        for _ in 0..<1000 {
            try? await Task.sleep(for: .milliseconds(50))
            let now = await server.census().activity
            if now == last { return now }
            last = now
        }
        Issue.record("activity changes by itself")
        return last
    }

    @Test func activityChangesWithEachRequestAndNotByItself() async throws {
        let server = try makeServer(holder.sockets)
        try await serving(server) { port in
            let client = try await blocking { try Client(port: port) }
            var seen: Set<UInt64> = []
            for _ in 0..<20 {
                _ = try await blocking { try client.get("/") }
                #expect(seen.insert(await settledActivity(of: server)).inserted)
            }
            let other = try await blocking { try Client(port: port) }
            #expect(await census(of: server) { $0.idle == 2 } == (0, 2))
            let withBoth = await settledActivity(of: server)
            #expect(seen.insert(withBoth).inserted)
            try await blocking { try other.endSending() }
            #expect(await census(of: server) { $0.idle == 1 } == (0, 1))
            #expect(await server.census().activity != withBoth)
        }
    }

    @Test func activityChangesWhileAResponseTrickles() async throws {
        let server = try makeServer(holder.sockets)
        try await serving(server) { port in
            let client = try await blocking {
                let client = try Client(port: port)
                try client.request("/large")
                return client
            }
            // The kernel's buffers take some of it, and then nothing moves any more.
            var (last, still) = (await server.census(), 0)
            while still < 20 {
                try await Task.sleep(for: .milliseconds(5))
                let next = await server.census()
                (last, still) = (next, next == last ? still + 1 : 0)
            }
            #expect(last.requests == 1)
            _ = try await blocking { for _ in 0..<12 { _ = try client.receive(1 << 20) } }
            let later = await server.census()
            #expect(later.requests == 1 && later.activity != last.activity)
        }
    }

    /// Of a protocol that says nothing, it is taken that it has something to do.
    @Test func aConnectionThatGivesNoAnswerIsBusy() async throws {
        let server = try DrainingServer(
            sockets: holder.sockets,
            ownsBacklog: false,
            group: MultiThreadedEventLoopGroup.singleton,
            drain: .init(),
            logger: Records().logger
        ) { channel in
            channel.eventLoop.makeSucceededFuture(channel)
        }
        try await serving(server) { port in
            let client = try await blocking { try Client(port: port) }
            #expect(await census(of: server) { $0.requests == 1 } == (1, 0))
            withExtendedLifetime(client) {}
        }
    }

    @Test func aHungEventLoopIsNotWaitedForAndItsConnectionsAreBusy() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let server = try makeServer(holder.sockets, on: group)
        try await serving(server) { port in
            let clients = try await blocking {
                let clients = try (0..<4).map { _ in try Client(port: port) }
                for client in clients { _ = try client.get("/") }
                return clients
            }
            #expect(await census(of: server) { $0.idle == 4 } == (0, 4))
            let isFree = Told()
            group.next().execute { while isFree.all.isEmpty { usleep(1000) } }
            defer { isFree.note(.requested) }
            let begin = ContinuousClock.now
            #expect(await census(of: server) { _ in true } == (2, 2))
            // That it comes at all shows that the loop is not waited for; a busy machine takes its time.
            #expect(ContinuousClock.now - begin < .seconds(10))
            // Nor does a task wait that has been cancelled: each of these would for a second.
            let cancelled = ContinuousClock.now
            for _ in 0..<10 {
                let asking = Task { await server.census() }
                asking.cancel()
                _ = await asking.value
            }
            #expect(ContinuousClock.now - cancelled < .seconds(5))
            withExtendedLifetime(clients) {}
        }
        try await group.shutdownGracefully()
    }

    /// What has been sent on loopback may still be on its way to the event loop.
    private func census(
        of server: DrainingServer<any Channel>,
        _ isComplete: (ConnectionCensus) -> Bool
    ) async -> (Int, Int) {
        var census = await server.census()
        let limit = ContinuousClock.now + .seconds(5)
        while !isComplete(census), .now < limit { census = await server.census() }
        return (census.requests, census.idle)
    }
}
