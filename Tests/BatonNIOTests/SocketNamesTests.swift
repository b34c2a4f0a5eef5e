import NIOCore
import NIOEmbedded
import Testing

@testable import BatonNIO
@testable import Systemd

/// Which socket a connection came by.
@Suite struct SocketNamesTests {
    private func socket(_ name: String, _ address: Systemd.SocketAddress) -> ListenSocket.Description {
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
                socket("http", .ipv6("::", port: 80)), socket("https", .ipv4("0.0.0.0", port: 443)),
                socket("inside", .ipv4("10.0.0.1", port: 443)), socket("local", .unix(path: "/run/app.sock")),
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
}
