#if GRPC
import BatonGRPC
import EchoMethods
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Testing

@testable import grpc_client
@testable import grpc_echo

/// The listen socket is its holder's, and what is accepted from it is served.
@Suite(.timeLimit(.minutes(1))) struct GRPCSocketTests {
    private let holder: Holder

    init() throws {
        holder = try Holder()
    }

    #if os(Linux)
    @Test func theBacklogStaysAsItsHolderMadeIt() async throws {
        let before = holder.backlogNow
        // The kernel may allow less (net.core.somaxconn), but what SwiftNIO would make of it is not that.
        #expect(before > 128)
        let server = try await GRPCTestServer(on: holder)
        #expect(try await Caller.with(holder.port, Ledger()) { try await $0.get("hello") }.hasSuffix(" hello"))
        #expect(holder.backlogNow == before)
        await server.stop()
        try await server.ended()
        #expect(holder.backlogNow == before)
    }
    #endif

    /// Each client opens a connection for each call; two servers at a time share the socket, and the older one stops.
    @Test func noConnectionIsLostOverHandOvers() async throws {
        let (ledger, holder) = (Ledger(), holder)
        var server = try await GRPCTestServer(on: holder)
        try await withThrowingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    while !ledger.isOver {
                        try await Caller.with(holder.port, ledger) { await $0.once() }
                    }
                }
            }
            for generation in 1...6 {
                try await until { ledger.now.connections >= generation * 40 || ledger.now.lost > 0 }
                let next = try await GRPCTestServer(on: holder)
                try await until { ledger.now.connections >= generation * 40 + 20 || ledger.now.lost > 0 }
                await server.stop()
                try await server.ended()
                #expect(server.logged.contains("info: drained: every request was answered"), "\(server.logged)")
                server = next
            }
            ledger.stop()
            try await group.waitForAll()
        }
        await server.stop()
        try await server.ended()
        let counts = ledger.now
        #expect(counts.lost == 0, "\(counts)")
        #expect(counts.connections > 200, "\(counts)")
    }

    @Test func callsOfLongLivedClientsGoOnWithTheNextServer() async throws {
        let (ledger, holder) = (Ledger(), holder)
        var server = try await GRPCTestServer(on: holder)
        try await withThrowingTaskGroup { group in
            for _ in 0..<2 {
                group.addTask { try await Caller.with(holder.port, ledger) { await $0.all(3) } }
            }
            for generation in 1...4 {
                try await until { ledger.now.answered["Expand"] ?? 0 >= generation * 20 || ledger.now.lost > 0 }
                await server.stop()
                try await server.ended()
                #expect(server.logged.contains("info: drained: every request was answered"), "\(server.logged)")
                server = try await GRPCTestServer(on: holder)
            }
            ledger.stop()
            try await group.waitForAll()
        }
        await server.stop()
        try await server.ended()
        let counts = ledger.now
        #expect(counts.lost == 0, "\(counts)")
        #expect(counts.firstGoAways >= 8, "each connection of each server is told: \(counts)")
    }

    @Test func aServerThatIsRunWithoutSocketsSaysWhatToDo() async throws {
        let server = GRPCServer(transport: .http2Activated(), services: [EchoService()])
        let error = await #expect(throws: RuntimeError.self) { try await server.serve() }
        let cause = error?.cause.map { "\($0)" } ?? ""
        #expect(cause.contains("call runService(on:)"), "\(String(describing: error))")
    }
}
#endif
