import Baton
import BatonNIO
import NIOCore
import NIOEmbedded
import NIOPosix
import NIOSSL
import TestCertificates
import Testing

@testable import BatonTLS

/// How connections under TLS end.
@Suite struct TLSDrainTests {
    private let certificate: TLSCertificate
    private let folder: CertificateFolder

    init() throws {
        folder = try CertificateFolder(.one)
        certificate = try TLSCertificate(TLSFiles(certificate: folder.certificate, key: folder.key))
    }

    @Test func anIdleConnectionIsClosedWithCloseNotify() async throws {
        let server = try await TLSTestServer.start(certificate)
        let client = try await server.connect()
        #expect(try await client.get("/0").contains("200 OK"))
        async let outcome = server.stop()
        let end = try await client.waitForEnd()
        #expect(end.errors == [], "a bare FIN is an unclean shutdown")
        #expect(try await outcome == .drained)
    }

    @Test func aResponseThatTheClientIsSlowToReadArrivesWhole() async throws {
        let server = try await TLSTestServer.start(certificate)
        let client = try await server.connect(reading: false)
        let size = 16 << 20
        try await client.send("/\(size)")
        // Its bytes wait in both kernels and in the server.
        while await server.server.census().requests == 0 { await Task.yield() }
        async let outcome = server.stop()
        try await Task.sleep(for: .milliseconds(1500))
        #expect(!client.now.isEnded)
        let end = try await client.readToTheEnd()
        #expect(end.errors == [])
        #expect(end.bytes > size)
        #expect(end.text.lowercased().contains("connection: close") || end.bytes > size)
        #expect(try await outcome == .drained)
    }

    /// Neither a drain nor its deadline: the server closes the connection, as for its idle timeout.
    @Test(.timeLimit(.minutes(1)), arguments: ["close", "giveup"])
    func aClientThatTakesNothingIsNotWaitedForForEver(word: String) async throws {
        let server = try await TLSTestServer.start(certificate)
        let client = try await server.connect(reading: false)
        let start = ContinuousClock.now
        try await client.send("/\(16 << 20)?\(word)")
        while case let now = await server.server.census(), now.requests + now.idle > 0 {
            try await Task.sleep(for: .milliseconds(10))
        }
        let took = ContinuousClock.now - start
        #expect(word == "close" ? took >= .seconds(5) : took < .seconds(4), "\(took)")
        try await client.close()
        try await server.stop()
    }

    /// It has ended its side, and reads what it asked for long after that.
    @Test func aClientThatHasEndedItsSideGetsAllOfItsResponse() async throws {
        let server = try await TLSTestServer.start(certificate)
        let client = try await server.connect(reading: false)
        let size = 16 << 20
        try await client.send("/\(size)")
        try await client.channel.close(mode: .output)
        try await Task.sleep(for: .milliseconds(1500))
        let end = try await client.readToTheEnd()
        #expect(end.bytes > size)
        try await server.stop()
    }

    /// The server has begun to close when the client ends its side, and goes on reading slowly.
    @Test func aClientThatEndsItsSideAfterTheServerGetsAllOfItsResponse() async throws {
        let server = try await TLSTestServer.start(certificate)
        let client = try await server.connect(reading: false)
        let size = 16 << 20
        try await client.send("/\(size)?close")
        while await server.server.census().requests == 0 { await Task.yield() }
        try await client.channel.close(mode: .output)
        try await Task.sleep(for: .milliseconds(1500))
        let end = try await client.readToTheEnd()
        #expect(end.bytes > size)
        try await server.stop()
    }

    /// A client behind a slow line: more than the linger lies between the halves of its handshake.
    @Test func aHandshakeThatHasBegunHasTheGrace() throws {
        let (server, client) = (EmbeddedChannel(), EmbeddedChannel())
        let tls = try certificate.context(applicationProtocols: ["http/1.1"])
        let chosen = try server.pipeline.syncOperations.configureTLS(
            context: tls,
            linger: .milliseconds(100)
        ) { [loop = server.eventLoop] name in
            loop.makeSucceededFuture(name)
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        (configuration.certificateVerification, configuration.applicationProtocols) = (.none, ["http/1.1"])
        let context = try NIOSSLContext(configuration: configuration)
        try client.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil))
        for channel in [server, client] { try channel.connect(to: .init(ipAddress: "127.0.0.1", port: 443)).wait() }
        func carry(_ source: EmbeddedChannel, _ target: EmbeddedChannel) throws {
            while let bytes = try source.readOutbound(as: ByteBuffer.self) { try target.writeInbound(bytes) }
        }
        try carry(client, server)
        server.pipeline.fireUserInboundEventTriggered(DrainEvent.began)
        server.embeddedEventLoop.advanceTime(by: .seconds(2))
        try carry(server, client)
        try carry(client, server)
        #expect(try chosen.wait() == "http/1.1")
    }

    @Test func aHandshakeThatIsNotCompletedHoldsNothingUp() async throws {
        let server = try await TLSTestServer.start(certificate)
        // One that is silent, and one that has sent the beginning of a ClientHello.
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        let silent = try await bootstrap.connect(host: "127.0.0.1", port: server.port).get()
        let begun = try await bootstrap.connect(host: "127.0.0.1", port: server.port).get()
        try await begun.writeAndFlush(ByteBuffer(bytes: [0x16, 0x03, 0x01, 0x02, 0x00, 0x01]))
        let complete = try await server.connect()
        let start = ContinuousClock.now
        #expect(try await server.stop() == .drained)
        #expect(ContinuousClock.now - start < .seconds(10))
        _ = try await complete.waitForEnd()
        try? await silent.closeFuture.get()
        try? await begun.closeFuture.get()
    }

    @Test func atTheDeadlineAClientThatDoesNotAnswerIsNotWaitedFor() async throws {
        let server = try await TLSTestServer.start(
            certificate,
            drain: .init(timeout: .milliseconds(300), linger: .milliseconds(100))
        )
        let client = try await server.connect(reading: false)
        try await client.send("/\(64 << 20)")
        while await server.server.census().requests == 0 { await Task.yield() }
        let start = ContinuousClock.now
        #expect(try await server.stop() == .cut)
        #expect(ContinuousClock.now - start < .seconds(20))
        try await client.close()
    }
}
