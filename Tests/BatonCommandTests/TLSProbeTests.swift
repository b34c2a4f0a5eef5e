import Foundation
import NIOCore
import NIOHTTP1
import Testing

@testable import BatonCommand

/// Probing a server that is reached by TLS.
struct TLSProbeTests {
    private final class Answer: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .end = unwrapInboundIn(data) else { return }
            let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Content-Length": "5"])
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "pid 7")))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    private func probe(
        _ modes: [ProbeMode],
        _ tls: ProbePlan.TLSOptions,
        drip: Int = 0,
        host: String = "127.0.0.1",
        until isEnough: @escaping @Sendable (Tally.Count) -> Bool
    ) async throws -> Record {
        try await SecureServer.with(protocols: ["http/1.1"]) { channel in
            try channel.pipeline.syncOperations.configureHTTPServerPipeline()
            try channel.pipeline.syncOperations.addHandler(Answer())
        } run: { server in
            var plan = ProbePlan(target: .tcp(host: host, port: server.port, isTLS: true))
            (plan.tls, plan.modes, plan.connections, plan.drip) = (tls, modes, modes.count, drip)
            (plan.pause, plan.dripInterval, plan.load) = (.milliseconds(20), .milliseconds(1), .steady(.seconds(60)))
            return try await run(plan, until: isEnough).record
        }
    }

    @Test func everyModeThatAsksForThePath() async throws {
        let modes: [ProbeMode] = [.newConnection, .keepAlive, .keepAlivePause, .connectPause]
        let record = try await probe(modes, ProbePlan.TLSOptions(isInsecure: true), drip: 1) { $0[.ok] >= 60 }
        #expect(record.tally.total.failures == 0, "\(record.failures)")
        #expect(record.tally.total.closed == 0)
        for mode in modes { #expect(record.tally[mode][.ok] > 0, "\(mode)") }
    }

    @Test(arguments: ["127.0.0.1", "localhost"]) func aCertificateIsChecked(host: String) async throws {
        let file = URL(fileURLWithPath: NSTemporaryDirectory() + "baton-probe-\(UUID().uuidString).pem")
        try Data(SecureServer.certificate.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let trusting = ProbePlan.TLSOptions(certificates: file.path)
        let record = try await probe([.keepAlive], trusting, host: host) { $0[.ok] >= 3 || $0.failures > 0 }
        #expect(record.tally.total.failures == 0, "\(record.failures)")
    }

    @Test func aCertificateThatNobodyTrustsIsAFailure() async throws {
        let record = try await probe([.newConnection], ProbePlan.TLSOptions()) { $0.failures > 0 }
        #expect(record.tally.total[.tls] > 0, "\(record.failures)")
        #expect(record.tally.total[.tls] == record.tally.total.failures)
        #expect(record.addsUp)
    }

    @Test func noTLSWhereThereShouldBe() async throws {
        let record = try await LoopbackServer.with { _ in
            .writeAndClose("HTTP/1.1 400 Bad Request\r\n\r\n")
        } _: { _ in
            .ignore
        } run: { server in
            var plan = ProbePlan(target: .tcp(host: "127.0.0.1", port: server.port, isTLS: true))
            (plan.tls, plan.modes, plan.connections) = (ProbePlan.TLSOptions(isInsecure: true), [.newConnection], 1)
            return try await run(plan) { $0.failures > 0 }.record
        }
        #expect(record.tally.total[.tls] > 0, "\(record.failures)")
    }

    @Test func certificatesThatCannotBeReadAreToldBeforehand() throws {
        var plan = ProbePlan(target: .tcp(host: "127.0.0.1", port: 1, isTLS: true))
        plan.tls = ProbePlan.TLSOptions(certificates: "/no/such/file.pem")
        #expect(throws: (any Error).self) { try ServerAddress(plan.target.resolve(), plan) }
    }
}
