import NIOCore
import NIOEmbedded
import NIOPosix
import Testing

@testable import BatonNIO
@testable import Systemd

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
#endif

/// Which socket a connection came by.
@Suite struct SocketNamesTests {
    private func described(_ name: String, _ address: Systemd.SocketAddress) -> ListenSocket.Description {
        ListenSocket.Description(
            name: name,
            index: 0,
            kind: .stream,
            isListening: true,
            localAddress: address,
            peerAddress: nil
        )
    }

    private func channel(at address: NIOCore.SocketAddress?) -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        channel.localAddress = address
        return channel
    }

    @Test func itIsToldByTheLocalAddress() throws {
        let names = SocketNames(
            [
                described("http", .ipv6("::", port: 80)), described("https", .ipv4("0.0.0.0", port: 443)),
                described("inside", .ipv4("10.0.0.1", port: 443)), described("local", .unix(path: "/run/app.sock")),
            ],
            first: "http"
        )
        func name(_ host: String, _ port: Int) throws -> String {
            names.name(of: channel(at: try .init(ipAddress: host, port: port)))
        }
        #expect(try name("::1", 80) == "http")
        // What the kernel shows of an IPv4 client at a socket for both.
        #expect(try name("::ffff:127.0.0.1", 80) == "http")
        #expect(try name("127.0.0.1", 443) == "https")
        #expect(try name("10.0.0.1", 443) == "inside")
        #expect(try name("127.0.0.1", 9) == "http", "the first one is that of what none tells")
        #expect(names.name(of: channel(at: try .init(unixDomainSocketPath: "/run/app.sock"))) == "local")
        #expect(names.name(of: channel(at: nil)) == "http")
    }

    #if os(Linux)
    /// SwiftNIO does not know its name.
    @Test func anAbstractSocketIsToldFromTheFirst() async throws {
        let path = "\0baton-names-\(getpid())"
        let listener = socket(AF_UNIX, SocketConstants.stream, 0)
        let client = socket(AF_UNIX, SocketConstants.stream, 0)
        defer { for descriptor in [listener, client] { close(descriptor) } }
        try #require(withUnixAddress(path) { bind(listener, $0, $1) } == 0)
        try #require(listen(listener, 1) == 0)
        try #require(withUnixAddress(path) { connect(client, $0, $1) } == 0)
        typealias Address = Systemd.SocketAddress
        let address = try #require(Address(localOf: listener))
        guard case .abstract = address else { throw ClientError(what: "\(address)") }
        let names = SocketNames(
            [described("http", .ipv4("127.0.0.1", port: 80)), described("inside", address)],
            first: "http"
        )
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        let channel = try await bootstrap.withConnectedSocket(accept(listener, nil, nil)).get()
        #expect(try await channel.eventLoop.submit { names.name(of: channel) }.get() == "inside")
        try await channel.close()
    }
    #endif
}
