import NIOCore
import Systemd
import Testing

@testable import Baton
@testable import BatonNIO

/// A connection that goes from one generation to the next answers as if nothing had happened.
@Suite(.timeLimit(.minutes(2))) struct HandOverTests {
    /// Requests that differ in how their end is found.
    private static let streams = [
        "GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\nGET / HTTP\r\n",
        "POST /c HTTP/1.1\r\nHost: a\r\ntransfer-encoding:  chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\nX: y\r\n\r\n",
        "GET /d HTTP/1.1\r\nHost: a\r\n\r\nGET /e HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n\r\n\r\nGET /g HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /h HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n0\r\n\r\n"
            + "PUT /i HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok\r\nGET /j HTTP/1.1\r\nHost: a\r\n\r\n",
    ]

    /// Each answer to a stream.
    private static func answers(_ bodies: String...) -> [String] {
        bodies.map { "HTTP/1.1 200 OK\r\ncontent-length: \($0.utf8.count)\r\n\r\n\($0)" }
    }

    private static let expected = [
        answers("GET /a "), answers("POST /b GET / HTTP\r\n"), answers("POST /c hello!"), answers("GET /d ", "GET /e "),
        answers("POST /f \r\n\r\n", "GET /g "),
        answers("POST /h \r\n\r\n", "PUT /i ok", "GET /j "),
    ]

    /// Cut at each byte, with a restart there.
    @Test(arguments: streams.indices)
    func aCutStreamIsAnsweredAsIfItWereWhole(index: Int) async throws {
        let stream = Array(Self.streams[index].utf8)
        let generations = try Generations()
        for cut in 0...stream.count {
            // The one before has left nothing behind.
            while await generations.census() != ConnectionCensus() { await Task.yield() }
            let client = try Client(port: generations.port)
            var framing = RequestFraming()
            let complete = framing.scan(ByteBuffer(bytes: stream.prefix(cut)).readableBytesView).ends
            let first = Self.expected[index].prefix(complete).joined()
            let whole = Self.expected[index].joined()
            try await blocking { try client.send(String(decoding: stream.prefix(cut), as: UTF8.self)) }
            var received = try await Self.receive(first.utf8.count, from: client)
            #expect(received == first)
            // What has been sent has been read.
            let expected = framing.isAtBoundary ? (requests: 0, idle: 1) : (requests: 1, idle: 0)
            while true {
                let census = await generations.census()
                if (census.requests, census.idle) == expected { break }
                await Task.yield()
            }
            let (end, report) = try generations.restart()
            try await blocking { try client.send(String(decoding: stream.dropFirst(cut), as: UTF8.self)) }
            received += try await Self.receive(whole.utf8.count - received.utf8.count, from: client)
            #expect(received == whole, "cut at \(cut)")
            #expect(try await end.value == .drained, "cut at \(cut)")
            #expect(report()?.contains("not handed over") == false, "cut at \(cut)")
            #expect(report() != nil, "cut at \(cut)")
            let who = try await blocking { try client.get("/who") }
            #expect(who == "\(generations.number)", "cut at \(cut)")
        }
        #expect(try await generations.stop() == .drained)
    }

    /// Its client waits for the end, which the next process would not know.
    @Test(arguments: ["HTTP/1.0\r\n", "HTTP/1.1\r\nConnection: close\r\n"])
    func whatIsToBeClosedIsClosedHere(version: String) async throws {
        let generations = try Generations(drain: .init(timeout: .seconds(10), linger: .milliseconds(100)))
        let client = try Client(port: generations.port)
        // A connection on its way to its event loop counts as a request, too.
        _ = try await blocking { try client.get("/who") }
        try await blocking { try client.send("POST / \(version)Host: a\r\nContent-Length: 1\r\n\r\n") }
        while await generations.census().requests != 1 { await Task.yield() }
        let (end, report) = try generations.restart()
        while report() == nil { await Task.yield() }
        try await blocking { try client.send("x") }
        var received = ""
        repeat {
            let more = try await blocking { try client.receive() }
            received += more
            if more.isEmpty { break }
        } while true
        #expect(received.hasSuffix("POST / x"))
        #expect(try await end.value == .drained)
        #expect(report() == "connections handed over: 0")
    }

    private static func receive(_ count: Int, from client: Client) async throws -> String {
        var text = ""
        while text.utf8.count < count {
            let more = try await blocking { try client.receive() }
            try #require(!more.isEmpty, "closed after \(text.debugDescription)")
            text += more
        }
        return text
    }
}
