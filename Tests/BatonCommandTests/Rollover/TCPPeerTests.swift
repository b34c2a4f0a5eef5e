import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import BatonCommand

/// Whose the other end of a connection is.
@Suite struct TCPPeerTests {
    private static let tables = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0 100 0 0 10 0
           1: 0100007F:1F90 0100007F:A1B2 01 00000000:00000000 00:00000000 00000000     0        0 22 1 0 100 0 0 10 0
           2: 0100007F:1F90 0200007F:A1B2 01 00000000:00000000 00:00000000 00000000     0        0 33 1 0 100 0 0 10 0
           3: 0100007F:1F90 0100007F:A1B3 06 00000000:00000000 00:00000000 00000000     0        0 0 1 0 100 0 0 10 0
          sl  local_address                         remote_address                        st tx_queue
           0: 0000000000000000FFFF00000100007F:1F91 0000000000000000FFFF00000100007F:A1B4 01 0:0 00:0 0 0 0 44 1 0 100
           1: 00000000000000000000000001000000:1F91 00000000000000000000000001000000:A1B4 01 0:0 00:0 0 0 0 55 1 0 100
        """

    @Test(
        arguments: [
            ("127.0.0.1", 8080, 0xA1B2, 22), ("127.0.0.2", 8080, 0xA1B2, 33), ("127.0.0.1", 8080, 0xA1B3, nil),
            ("127.0.0.1", 8081, 0xA1B4, 44), ("::1", 8081, 0xA1B4, 55), ("127.0.0.1", 8080, 1, nil),
        ] as [(String, Int, Int, UInt64?)]
    )
    func theTablesOfTheKernel(client: String, server: Int, port: Int, inode: UInt64?) throws {
        let own = try #require(TCPPeer.Endpoint(SocketAddress(ipAddress: client, port: port)))
        let host = client == "127.0.0.2" ? "127.0.0.1" : client
        let other = try #require(TCPPeer.Endpoint(SocketAddress(ipAddress: host, port: server)))
        #expect(TCPPeer.inode(local: other, remote: own, in: Self.tables) == inode)
    }

    /// The server listens for IPv6 and IPv4.
    @Test(arguments: ["127.0.0.1", "::1"]) func thisProcessHoldsItsOwn(host: String) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await ServerBootstrap(group: group).bind(host: "::", port: 0).get()
        let client = try await ClientBootstrap(group: group).connect(host: host, port: server.localAddress?.port ?? 0)
            .get()
        // The channel is there when the kernel has accepted it, and has a file when it has been accepted here.
        var peer = TCPPeer(of: client)
        while peer == nil {
            await Task.yield()
            peer = TCPPeer(of: client)
        }
        #expect(peer?.isHeld(byOneOf: [getpid()]) == true)
        #expect(peer?.isHeld(byOneOf: []) == false)
        try await client.close()
        try await server.close()
    }
}
