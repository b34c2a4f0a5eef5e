#if os(Linux)
import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import BatonCommand

/// What the kernel tells of sockets that listen.
@Suite struct ListenerTests {
    @Test func tcpSocketsByAddress() async throws {
        for (host, shown) in [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")] {
            let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .serverChannelOption(.backlog, value: 77).bind(host: host, port: 0).get()
            let port = try #require(channel.localAddress?.port)
            #expect(try Listener.all().filter { $0.address == "\(shown):\(port)" }.map(\.limit) == [77])
            try await channel.close()
            #expect(try Listener.all().filter { $0.address == "\(shown):\(port)" } == [])
        }
    }

    @Test func unixSocketsByPath() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("l-\(UUID().uuidString.prefix(8))")
            .path
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.backlog, value: 78).bind(unixDomainSocketPath: path, cleanupExistingSocketFile: false)
            .get()
        #expect(try Listener.all().filter { $0.address == path }.map(\.limit) == [78])
        try await channel.close()
        try? FileManager.default.removeItem(atPath: path)
    }
}
#endif
