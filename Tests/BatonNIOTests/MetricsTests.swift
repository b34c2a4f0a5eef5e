import MetricsTestKit
import NIOCore
import NIOPosix
import Systemd
import Testing

@testable import Baton
@testable import BatonNIO

/// What a server has counted when it is over.
@Suite(.timeLimit(.minutes(1))) struct MetricsTests {
    private let metrics = TestMetrics()

    private func server(_ holder: Holder, drain: DrainConfiguration) throws -> DrainingServer<any Channel> {
        try DrainingServer(
            sockets: holder.sockets,
            succession: nil,
            ownsBacklog: false,
            group: MultiThreadedEventLoopGroup.singleton,
            drain: drain,
            idleExit: nil,
            admission: nil,
            logger: Records().logger,
            metrics: metrics
        ) { channel in channel.eventLoop.makeSucceededFuture(channel) }
    }

    private func total(_ label: String, _ dimensions: [(String, String)] = []) throws -> Int64 {
        try metrics.expectCounter(label, dimensions).totalValue
    }

    @Test func connectionsAndDrainsAreCounted() async throws {
        let holder = try Holder()
        let server = try server(holder, drain: .init(timeout: .milliseconds(200), linger: .zero))
        async let outcome = server.serve()
        let clients = try await blocking { try (0..<3).map { _ in try Client(port: holder.port) } }
        while await server.census().requests != 3 { await Task.yield() }
        server.stop()
        #expect(try await outcome == .cut)
        withExtendedLifetime(clients) {}
        #expect(try total("baton.connections.accepted") == 3)
        #expect(try total("baton.connections.taken_over") == 0)
        #expect(try total("baton.connections.cut") == 3)
        #expect(try total("baton.drains", [("outcome", "cut")]) == 1)
        #expect(try total("baton.drains", [("outcome", "drained")]) == 0)
        #expect(try total("baton.generations") == 1)
        let took = try #require(try metrics.expectTimer("baton.drain.duration").values.first)
        // It is measured from a moment later than what is waited for.
        #expect(took >= 100_000_000)
    }

    /// A connection that comes before the server does waits for it.
    @Test func theWaitForTheStartIsMeasured() async throws {
        let holder = try Holder()
        let before = ContinuousClock.now
        let clients = try await blocking { try (0..<2).map { _ in try Client(port: holder.port) } }
        let came = ContinuousClock.now
        // What is measured is time, so some has to pass.
        try await Task.sleep(for: .milliseconds(100))
        let server = try server(holder, drain: .init(timeout: .zero, linger: .zero))
        let waited = ContinuousClock.now - came
        async let outcome = server.serve()
        while await server.census().requests != 2 { await Task.yield() }
        let most = ContinuousClock.now - before
        server.stop()
        _ = try await outcome
        withExtendedLifetime(clients) {}
        let pauses = try metrics.expectTimer("baton.pause").values
        let pause = Duration.nanoseconds(try #require(pauses.first))
        // The kernel counts in ticks, of 10 ms at most.
        #expect(pauses.count == 1 && pause >= waited - .milliseconds(20) && pause <= most + .milliseconds(20))
    }
}
