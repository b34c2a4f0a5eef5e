import NIOCore
import NIOPosix
import Synchronization
import Systemd
import Testing

@testable import Baton
@testable import BatonNIO

@Suite(.timeLimit(.minutes(1))) struct DrainingServerTests {
    private let holder: Holder

    init() throws {
        holder = try Holder()
    }

    @Test func aPassedConnectionIsServedUntilItCloses() async throws {
        let (connection, client) = try holder.accepted()
        var sockets = ListenSockets()
        sockets.append(owning: connection, name: ListenSockets.connectionName)
        let server = try makeServer(sockets)
        let reasons = Told()
        async let outcome = server.serve(stopping: reasons.note)
        for _ in 0..<3 { #expect(try await blocking { try client.get("/") } == "hello") }
        #expect(server.drainEnds == nil)
        try await blocking { try client.endSending() }
        #expect(try await outcome == .drained)
        #expect(reasons.all == [.connectionsEnded])
        #expect(try await blocking { try client.receive() } == "")
    }

    @Test func aServerOfConnectionsDrainsWhenItIsStopped() async throws {
        let (connection, client) = try holder.accepted()
        var sockets = ListenSockets()
        sockets.append(owning: connection, name: ListenSockets.connectionName)
        let server = try makeServer(sockets)
        let reasons = Told()
        async let outcome = server.serve(stopping: reasons.note)
        #expect(try await blocking { try client.get("/") } == "hello")
        server.stop()
        #expect(try await outcome == .drained)
        #expect(reasons.all == [.requested])
    }

    @Test func besideAListenSocketAConnectionThatClosesEndsNothing() async throws {
        let (connection, client) = try holder.accepted()
        var sockets = holder.sockets
        sockets.append(owning: connection, name: ListenSockets.connectionName)
        let server = try makeServer(sockets)
        let reasons = Told()
        async let outcome = server.serve(stopping: reasons.note)
        #expect(try await blocking { try client.get("/") } == "hello")
        try await blocking { try client.endSending() }
        #expect(try await blocking { try client.receive() } == "")
        let port = holder.port
        #expect(try await blocking { try Client(port: port).get("/") } == "hello")
        server.stop()
        #expect(try await outcome == .drained)
        #expect(reasons.all == [.requested])
    }

    @Test func connectionsOfAServerThatIsNeverRunAreClosed() async throws {
        let (connection, client) = try holder.accepted()
        do {
            var sockets = ListenSockets()
            sockets.append(owning: connection, name: ListenSockets.connectionName)
            _ = try makeServer(sockets)
        }
        #expect(try await blocking { try client.receive() } == "")
    }

    @Test func withoutAnySocketThereIsNothingToServe() {
        let error = #expect(throws: ActivationError.self) { _ = try makeServer(ListenSockets()) }
        #expect(error?.code == .missing)
    }

    @Test func cancellingIsAReason() async throws {
        let server = try makeServer(holder.sockets)
        let (reasons, started) = (Told(), Told())
        let run = Task { try await server.serve(started: { started.note(.requested) }, stopping: reasons.note) }
        while started.all.isEmpty { await Task.yield() }
        run.cancel()
        _ = try await run.value
        #expect(reasons.all == [.cancelled])
    }

    @Test func whenTheDrainEndsIsKnownAsSoonAsItBegins() async throws {
        let server = try makeServer(holder.sockets, drain: .init(timeout: .seconds(7)))
        #expect(server.drainEnds == nil)
        let ends = Mutex<ContinuousClock.Instant?>(nil)
        let begin = ContinuousClock.now
        _ = try await server.serve(started: server.stop) { _ in ends.withLock { $0 = server.drainEnds } }
        let end = try #require(ends.withLock { $0 })
        #expect(end >= begin + .seconds(7) && end <= .now + .seconds(7))
    }
}

/// The reasons that a server gave.
final class Told: Sendable {
    private let reasons = Mutex<[StopReason]>([])
    var all: [StopReason] { reasons.withLock { $0 } }

    @Sendable func note(_ reason: StopReason) {
        reasons.withLock { $0.append(reason) }
    }
}
