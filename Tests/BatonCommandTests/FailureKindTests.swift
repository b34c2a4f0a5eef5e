import NIOCore
import NIOPosix
import Testing

@testable import BatonCommand

/// For each kind of failure a server that provokes it once and is right otherwise: exactly that is counted.
struct FailureKindTests {
    typealias Deed = LoopbackServer.Deed

    /// The first request of the first connection is wronged; then the probe goes on until all is well again.
    /// In it the server's close reaches the client, however busy the machine is.
    private static let longPause = Duration.seconds(1)
    /// In it a right answer reaches the client, however busy the machine is.
    private static let limit = Duration.seconds(6)

    private func probeWronged(
        by deed: Deed,
        _ mode: ProbeMode = .newConnection,
        path: String = "/",
        right: String = Reply.pid,
        timeout: Duration = .seconds(20),
        pause: Duration = .milliseconds(50)
    ) async throws -> Record {
        try await LoopbackServer.with { moment in
            moment.connection == 0 && moment.request == 0 ? deed : .write(right)
        } run: { server in
            try await probe(port: server.port, [mode], path: path, timeout: timeout, pause: pause) { $0[.ok] >= 2 }
        }.record
    }

    private func expect(_ kind: OutcomeKind, in record: Record, _ location: SourceLocation = #_sourceLocation) {
        #expect(record.tally.total[kind] == 1, "\(record.failures)", sourceLocation: location)
        #expect(record.tally.total.failures == 1, "\(record.failures)", sourceLocation: location)
        #expect(record.tally.addsUp, sourceLocation: location)
        #expect(record.failures.map(\.kind) == [kind], sourceLocation: location)
        #expect(record.tally.total.cleanCloses.isEmpty, sourceLocation: location)
    }

    @Test func reset() async throws { expect(.reset, in: try await probeWronged(by: .reset)) }

    @Test func resetInTheMiddleOfAResponse() async throws {
        let half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npid 7"
        expect(.reset, in: try await probeWronged(by: .writeAndReset(half)))
    }

    @Test func resetInABodyThatTheEndOfTheConnectionEnds() async throws {
        expect(.reset, in: try await probeWronged(by: .writeAndReset("HTTP/1.1 200 OK\r\n\r\npid 7")))
    }

    @Test func emptyReply() async throws { expect(.emptyReply, in: try await probeWronged(by: .close)) }

    @Test(arguments: [
        "H", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npid 7",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\npid 7\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\npid 7",
    ])
    func truncated(text: String) async throws {
        expect(.truncated, in: try await probeWronged(by: .writeAndClose(text)))
    }

    @Test(arguments: [ProbeMode.newConnection, .keepAlive, .connectPause])
    func timeout(mode: ProbeMode) async throws {
        expect(.timeout, in: try await probeWronged(by: .ignore, mode, timeout: Self.limit))
    }

    @Test func timeoutInTheMiddleOfAResponse() async throws {
        let half = Deed.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npid 7")
        expect(.timeout, in: try await probeWronged(by: half, timeout: Self.limit))
    }

    @Test(arguments: ["500 Internal Server Error", "503 Service Unavailable"])
    func serverError(status: String) async throws {
        expect(.serverError, in: try await probeWronged(by: .write(Reply.reply("pid 7", status: status))))
    }

    @Test(arguments: ["404 Not Found", "201 Created"])
    func unexpectedStatus(status: String) async throws {
        expect(.unexpectedStatus, in: try await probeWronged(by: .write(Reply.reply("pid 7", status: status))))
    }

    @Test(arguments: ["", "hello", "pid", "pid x"])
    func wrongBody(body: String) async throws {
        expect(.wrongBody, in: try await probeWronged(by: .write(Reply.reply(body))))
    }

    @Test func wrongSleepTime() async throws {
        let record = try await probeWronged(by: .write(Reply.sleep(19_999_999)), .long, right: Reply.sleep(20_000_000))
        expect(.wrongBody, in: record)
    }

    @Test func wrongSleepTimeOfASlowBody() async throws {
        let record = try await probeWronged(
            by: .write(Reply.sleep(2_000_000)),
            .slowBody,
            right: Reply.sleep(1_000_000)
        )
        expect(.wrongBody, in: record)
    }

    @Test func wrongLength() async throws {
        let wrong = Reply.reply(String(repeating: "x", count: 999))
        let right = Reply.reply(String(repeating: "x", count: 1000))
        expect(.wrongBody, in: try await probeWronged(by: .write(wrong), path: "/bytes/1000", right: right))
    }

    @Test func notHTTP() async throws {
        expect(.other, in: try await probeWronged(by: .writeAndClose("220 mail.example.org ESMTP\r\n")))
    }

    @Test func keepAliveClosedAfterWritten() async throws {
        let result = try await LoopbackServer.with { moment in
            moment.connection == 0 && moment.request == 1 ? .close : .write(Reply.pid)
        } run: { server in
            try await probe(port: server.port, [.keepAlive]) { $0[.ok] >= 3 }
        }
        expect(.keepAliveClosedAfterWritten, in: result.record)
        #expect(result.record.tally.total.serverCloses == [.unannounced: 1])
    }

    @Test func resetOfAKeptConnectionAfterWritten() async throws {
        let result = try await LoopbackServer.with { moment in
            moment.connection == 0 && moment.request == 1 ? .reset : .write(Reply.pid)
        } run: { server in
            try await probe(port: server.port, [.keepAlive]) { $0[.ok] >= 3 }
        }
        expect(.reset, in: result.record)
    }

    @Test func resetWhileIdle() async throws {
        let record = try await probeWronged(by: .writeAndReset(Reply.pid), .keepAlivePause, pause: Self.longPause)
        expect(.reset, in: record)
        #expect(record.tally.total.serverCloses == [.unannounced: 1])
        #expect(record.failures.first?.detail.contains("while idle") == true)
    }

    @Test func keepAliveClosedBeforeWritten() async throws {
        let record = try await probeWronged(by: .writeAndClose(Reply.pid), .keepAlivePause, pause: Self.longPause)
        #expect(record.tally.total.failures == 0, "\(record.failures)")
        #expect(record.tally.total.cleanCloses == [.keepAliveBeforeWritten: 1])
        #expect(record.tally.total.serverCloses == [.unannounced: 1])
        #expect(record.tally.addsUp)
    }

    @Test func freshConnectionClosedBeforeWritten() async throws {
        let result = try await LoopbackServer.with { connection in
            connection == 0 ? .close : .ignore
        } _: { _ in
            .write(Reply.pid)
        } run: { server in
            try await probe(port: server.port, [.connectPause], pause: Self.longPause) { $0[.ok] >= 1 }
        }
        #expect(result.record.tally.total.failures == 0, "\(result.record.failures)")
        #expect(result.record.tally.total.cleanCloses == [.freshBeforeWritten: 1])
        #expect(result.record.tally.total.serverCloses == [.unannounced: 1])
        #expect(result.record.tally.addsUp)
    }

    /// The server's FIN of the last connection comes while the next one waits to be written to.
    @Test func theEndOfTheLastConnectionIsNotThatOfTheNext() async throws {
        let result = try await LoopbackServer.with { _ in
            .writeAndCloseLater(Reply.pid, .milliseconds(10))
        } run: { server in
            try await probe(port: server.port, [.connectPause]) { $0[.ok] >= 4 }
        }
        #expect(result.record.tally.total.failures == 0, "\(result.record.failures)")
        #expect(result.record.tally.total.cleanCloses.isEmpty)
        #expect(result.record.tally.total.serverCloses.isEmpty)
    }

    @Test func connectionCloseIsNoFailure() async throws {
        let closing = Deed.writeAndClose(Reply.reply("pid 7", fields: "Connection: close\r\n"))
        let record = try await probeWronged(by: closing, .keepAlive)
        #expect(record.tally.total.failures == 0, "\(record.failures)")
        #expect(record.tally.total.cleanCloses.isEmpty)
        #expect(record.tally.total.serverCloses == [.announced: 1])
    }
}
