import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import BatonCommand

/// Whose the other end of a connection is.
@Suite(.timeLimit(.minutes(1))) struct TCPPeerTests {
    private let group = MultiThreadedEventLoopGroup.singleton

    /// The server listens for IPv6 and IPv4.
    @Test(arguments: ["127.0.0.1", "::1"]) func thisProcessHoldsItsOwn(host: String) async throws {
        let server = try await ServerBootstrap(group: group).bind(host: "::", port: 0).get()
        let client = try await connect(to: server, at: host)
        let peer = await self.peer(of: client)
        #expect(peer.isHeld(byOneOf: []) == false)
        // No process of this test: the first of this process namespace.
        #expect(peer.isHeld(byOneOf: [1]) != true)
        try await client.close()
        try await server.close()
    }

    /// Each connection to one socket is another.
    @Test func connectionsAreToldApart() async throws {
        let server = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        var (clients, inodes): ([any Channel], Set<UInt32>) = ([], [])
        for _ in 0..<3 {
            let client = try await connect(to: server, at: "127.0.0.1")
            clients.append(client)
            inodes.insert(await peer(of: client).inode)
        }
        #expect(inodes.count == 3)
        for client in clients { try await client.close() }
        try await server.close()
    }

    /// What waits in the backlog is held by nobody: not by who listens either.
    @Test(arguments: ["127.0.0.1", "::1"]) func whatNobodyHasAcceptedIsHeldByNobody(host: String) async throws {
        let server = try await ServerBootstrap(group: group)
            .serverChannelOption(.autoRead, value: false)
            .bind(host: "::", port: 0).get()
        let client = try await connect(to: server, at: host)
        #expect(TCPPeer(of: client) == nil)
        try await client.close()
        try await server.close()
    }

    /// The channel is there when the kernel has made the connection, and the other end is a file of this process some time later.
    private func peer(of client: any Channel) async -> TCPPeer {
        while true {
            if let peer = TCPPeer(of: client), peer.isHeld(byOneOf: [getpid()]) == true { return peer }
            await Task.yield()
        }
    }

    private func connect(to server: any Channel, at host: String) async throws -> any Channel {
        try await ClientBootstrap(group: group).connect(host: host, port: server.localAddress?.port ?? 0).get()
    }
}
