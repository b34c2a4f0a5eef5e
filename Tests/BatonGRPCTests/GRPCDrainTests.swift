#if GRPC
import BatonGRPC
import BatonTLS
import EchoMethods
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import TestCertificates
import Testing

@testable import grpc_client

/// How calls end when their server stops.
@Suite(.timeLimit(.minutes(1))) struct GRPCDrainTests {
    private let holder: Holder

    init() throws {
        holder = try Holder()
    }

    @Test func aCallInBothDirectionsIsFinishedAndTheClientGetsTwoGoAways() async throws {
        let server = try await GRPCTestServer(on: holder)
        let ledger = Ledger()
        let echoed = try await Caller.with(holder.port, ledger) { caller in
            defer { holder.end() }
            return try await caller.echo(["before", "after"], after: 1) {
                await server.stop()
                // The client is told while its call goes on, and what it sends then is answered.
                try await until { ledger.now.lastGoAways > 0 }
            }
        }
        #expect(echoed == ["before", "after"])
        try await server.ended()
        #expect(server.logged.contains("info: drained: every request was answered"), "\(server.logged)")
        #expect(ledger.now.firstGoAways == 1 && ledger.now.lastGoAways == 1, "\(ledger.now)")
    }

    @Test func overTLSTheSameIsSo() async throws {
        let folder = try CertificateFolder(.one)
        let certificate = try TLSCertificate(TLSFiles(certificate: folder.certificate, key: folder.key))
        let server = try await GRPCTestServer(on: holder, security: .tls(certificate))
        let ledger = Ledger()
        let trusting = HTTP2ClientTransport.Posix.TransportSecurity.tls { tls in
            tls.serverCertificateVerification = .noVerification
        }
        let echoed = try await Caller.with(holder.port, ledger, security: trusting) { caller in
            defer { holder.end() }
            return try await caller.echo(["before", "after"], after: 1) {
                await server.stop()
                try await until { ledger.now.lastGoAways > 0 }
            }
        }
        #expect(echoed == ["before", "after"])
        try await server.ended()
        #expect(server.logged.contains("info: drained: every request was answered"), "\(server.logged)")
        #expect(ledger.now.firstGoAways == 1 && ledger.now.lastGoAways == 1, "\(ledger.now)")
    }

    @Test func aStreamWithoutEndLearnsOfTheDrain() async throws {
        let server = try await GRPCTestServer(on: holder)
        let last = try await Caller.with(holder.port, Ledger()) { caller in
            defer { holder.end() }
            return try await caller.client.serverStreaming(
                request: ClientRequest(message: ""),
                descriptor: Echo.watch,
                serializer: TextCoder(),
                deserializer: TextCoder(),
                options: .defaults
            ) { response in
                var last = ""
                for try await message in response.messages {
                    if last.isEmpty { await server.stop() }
                    last = message
                }
                return last
            }
        }
        #expect(last.hasSuffix(" goodbye"))
        try await server.ended()
        #expect(server.logged.contains("info: drained: every request was answered"), "\(server.logged)")
    }

    @Test func aCallThatOutlastsTheDeadlineIsCutAndReported() async throws {
        let began = Moment()
        let server = try await GRPCTestServer(
            on: holder,
            services: [Hanging(began: began)],
            timeout: .milliseconds(500)
        )
        let error = await #expect(throws: RPCError.self) {
            try await Caller.with(holder.port, Ledger()) { caller in
                async let call = caller.get("now")
                await began.wait()
                await server.stop()
                return try await call
            }
        }
        #expect(error?.code == .unavailable)
        try await server.ended()
        let cut = server.logged.filter { $0.contains("connection cut at the drain's deadline: 127.0.0.1:") }
        let call = "HTTP/2, POST /echo.Echo/Get: its handler had not answered"
        #expect(cut.count == 1 && cut[0].contains(call), "\(server.logged)")
        #expect(!server.logged.contains { $0.contains("had not returned") }, "\(server.logged)")
    }

    @Test func aHandlerThatOutlivesItsConnectionIsWaitedForUntilTheDeadline() async throws {
        let (began, end) = (Moment(), Moment())
        let server = try await GRPCTestServer(
            on: holder,
            services: [Hanging(began: began, until: end)],
            timeout: .milliseconds(500)
        )
        try await Caller.with(holder.port, Ledger()) { caller in
            let call = Task { try? await caller.get("now") }
            await began.wait()
            call.cancel()
            _ = await call.value
        }
        await server.stop()
        try await server.ended()
        let report = "warning: calls cancelled whose handlers had not returned although their connections had closed"
        #expect(server.logged.contains(report), "\(server.logged)")
        end.comes()
    }

    @Test func gracefulShutdownOfTheServerIsADrain() async throws {
        let server = try await GRPCTestServer(on: holder)
        try await Caller.with(holder.port, Ledger()) { caller in
            #expect(try await caller.get("hello").hasSuffix(" hello"))
            server.server.beginGracefulShutdown()
            try await server.ended()
            holder.end()
        }
        #expect(server.logged.contains("info: drained: every request was answered"), "\(server.logged)")
    }
}

/// Something that happens once.
final class Moment: Sendable {
    private let stream = AsyncStream.makeStream(of: Void.self)

    func comes() { stream.continuation.finish() }
    func wait() async { for await _ in stream.stream {} }
}

/// Returns when it is so; the test's time limit is the end of its patience.
func until(_ condition: () -> Bool) async throws {
    while !condition() { try await Task.sleep(for: .milliseconds(2)) }
}

/// A call that goes on until it is cancelled, or, whatever is cancelled, until something happens.
private struct Hanging: RegistrableRPCService {
    let began: Moment
    var until: Moment?

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.registerHandler(
            forMethod: Echo.get,
            deserializer: TextCoder(),
            serializer: TextCoder()
        ) { _, context in
            began.comes()
            if let until { await Task { await until.wait() }.value } else { try await context.cancellation.cancelled }
            return StreamingServerResponse(of: String.self, error: RPCError(code: .aborted, message: "cancelled"))
        }
    }
}

extension Caller {
    /// The answer to one message.
    func get(_ message: String) async throws -> String {
        try await client.unary(
            request: ClientRequest(message: message),
            descriptor: Echo.get,
            serializer: TextCoder(),
            deserializer: TextCoder(),
            options: .defaults
        ) { try $0.message }
    }

    /// The echo of words, with something done after so many of them have come back.
    func echo(
        _ words: [String],
        after number: Int,
        _ pause: @escaping @Sendable () async throws -> Void
    ) async throws -> [String] {
        let (turns, turn) = AsyncStream.makeStream(of: String.self)
        let request = StreamingClientRequest { writer in
            for await word in turns { try await writer.write(word) }
        }
        turn.yield(words[0])
        return try await client.bidirectionalStreaming(
            request: request,
            descriptor: Echo.update,
            serializer: TextCoder(),
            deserializer: TextCoder(),
            options: .defaults
        ) { response in
            var echoed: [String] = []
            for try await message in response.messages {
                echoed.append(String(message.split(separator: " ")[1]))
                if echoed.count == number { try await pause() }
                if echoed.count < words.count { turn.yield(words[echoed.count]) } else { turn.finish() }
            }
            return echoed
        }
    }
}
#endif
