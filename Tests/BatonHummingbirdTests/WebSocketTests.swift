import Baton
import BatonHummingbird
import BatonNIO
import Hummingbird
import MachineKit
import NIOCore
import ServiceLifecycle
import Synchronization
import SystemdTestKit
import Testing

/// WebSocket in a Hummingbird application, from the handshake to the end of the connection.
@Suite(.timeLimit(.minutes(1))) struct WebSocketTests {
    private let router: Router<BasicRequestContext>
    private let received = Received()

    /// What the server's function was given.
    final class Received: Sendable {
        private let texts = Mutex<[String]>([])
        var all: [String] { texts.withLock { $0 } }
        func note(_ text: String) { texts.withLock { $0.append(text) } }
    }

    init() {
        router = Router()
        router.get("/") { _, _ in "hello" }
    }

    private func echo(_ change: (inout WebSocketConfiguration) -> Void = { _ in }) -> HTTP1Upgrade {
        var configuration = WebSocketConfiguration()
        change(&configuration)
        return .webSocket(at: "/echo", configuration: configuration) { [received] socket in
            for try await message in socket.messages {
                if case .text(let text) = message { received.note(text) }
                try? await socket.send(message)
            }
            received.note("(end)")
        }
    }

    private func run(
        _ upgrade: HTTP1Upgrade? = nil,
        drain: DrainConfiguration = .init(timeout: .seconds(10), linger: .milliseconds(100)),
        _ body: @escaping @Sendable (RunningServer) async throws -> Void
    ) async throws -> (logged: [String], took: Duration) {
        let result = try await RunningServer.run(router, drain: drain, upgrades: [upgrade ?? echo()], body)
        return (result.logged, result.sinceBody)
    }

    @Test func messagesComeBackHoweverTheyAreSent() async throws {
        _ = try await run { server in
            let client = try await WebSocketClient.open("/echo", on: server.connect())
            try await client.send("hello")
            #expect(try await client.receive() == .init(opcode: 1, payload: Array("hello".utf8)))
            let large = (0..<100_000).map { UInt8($0 & 255) }
            try await client.send(2, large)
            #expect(try await client.receive() == .init(opcode: 2, payload: large))
            try await client.send(1, Array("one ".utf8), isFinal: false)
            try await client.send(9, [7])
            try await client.send(0, Array("two ".utf8), isFinal: false)
            try await client.send(0, Array("three".utf8))
            #expect(try await client.receive() == .init(opcode: 10, payload: [7]), "a pong for the ping in between")
            #expect(try await client.receive()?.text == "one two three")
            try await client.close(1000)
            #expect(try await client.receive()?.code == 1000)
            #expect(try await client.receive() == nil, "a FIN, and no RST")
        }
        #expect(received.all == ["hello", "one two three", "(end)"])
    }

    @Test func requestsBeforeItOnTheSameConnectionAreAnswered() async throws {
        _ = try await run { server in
            let connection = try await server.connect()
            for _ in 0..<3 { #expect(try await connection.get("/")?.text == "hello") }
            // These two come together with the request for the upgrade.
            let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
            try await connection.send("\(get)\(get)GET /echo/?a=b HTTP/1.1\r\n\(WebSocketClient.handshake)")
            for _ in 0..<2 { #expect(try await connection.reply()?.text == "hello") }
            let client = WebSocketClient(connection: connection)
            #expect(try await client.readHead().hasPrefix("HTTP/1.1 101 "))
            try await client.send("x")
            #expect(try await client.receive()?.text == "x")
            await server.stop()
            #expect(try await client.receive()?.code == 1001)
            try await client.close(1001)
            #expect(try await client.receive() == nil)
        }
    }

    /// Nobody makes anything of what it sends then, so it cannot go on with that for ever.
    @Test func whoIsRefusedAndDoesNotLeaveIsShownOut() async throws {
        _ = try await run { server in
            let connection = try await server.connect()
            let fields = WebSocketClient.handshake.replacing("Version: 13", with: "Version: 12")
            try await connection.send("GET /echo HTTP/1.1\r\n\(fields)")
            #expect(try await connection.reply()?.status == 426)
            #expect(try await connection.receive().isEmpty, "a FIN, and no RST")
            // More than fits into buffers, so it waits until it is read, or reset.
            await #expect(throws: (any Error).self) {
                try await connection.send([UInt8](repeating: 0, count: 64 << 20))
            }
        }
    }

    @Test func aMessageOfTooManyPiecesIsTooLarge() async throws {
        _ = try await run(echo { $0.maxMessageSize = 6400 }) { server in
            let client = try await WebSocketClient.open("/echo", on: server.connect())
            try await client.send(1, Array("a".utf8), isFinal: false)
            for _ in 0..<1000 { try await client.send(0, [], isFinal: false) }
            try await client.send(0, Array("b".utf8))
            #expect(try await client.receive()?.text == "ab")
            try await client.send(1, Array("a".utf8), isFinal: false)
            for _ in 0..<1200 { try? await client.send(0, [], isFinal: false) }
            #expect(try await client.receive()?.code == 1009)
        }
    }

    @Test(arguments: [
        ("GET /echo", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", 426, "'8'"),
        ("GET /echo", "Sec-WebSocket-Version: 13\r\n", "", 426, "missing"),
        ("GET /echo", "dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=", 400, "'c2hvcnQ='"),
        ("GET /echo", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400, "missing"),
        ("POST /echo", "keep-alive", "Keep-Alive", 405, "POST"),
    ])
    func aWrongHandshakeIsToldWhatIsWrong(line: String, old: String, new: String, status: Int, why: String) async throws
    {
        _ = try await run { server in
            let connection = try await server.connect()
            #expect(WebSocketClient.handshake.contains(old))
            let fields = WebSocketClient.handshake.replacing(old, with: new)
            try await connection.send("\(line) HTTP/1.1\r\n\(fields)")
            let reply = try #require(try await connection.reply())
            #expect(reply.status == status && reply.closes)
            #expect(reply.text.contains(why), "\(reply)")
            #expect(reply.headers["sec-websocket-version"] == (status == 426 ? "13" : nil))
            #expect(try await connection.receive().isEmpty)
        }
    }

    @Test(arguments: [("/nothing", "websocket", 404), ("/", "h2c", 200), ("/", "websocket", 200)])
    func whereThereIsNoneTheRouterAnswers(path: String, name: String, status: Int) async throws {
        _ = try await run { server in
            let connection = try await server.connect()
            let fields = "Host: a\r\nConnection: Upgrade\r\nUpgrade: \(name)\r\n\r\n"
            try await connection.send("GET \(path) HTTP/1.1\r\n\(fields)")
            let reply = try #require(try await connection.reply())
            #expect(reply.status == status)
            #expect(reply.closes, "SwiftNIO's decoder would not read another request")
            #expect(try await connection.receive().isEmpty)
        }
    }

    /// As `curl --http2` sends them.
    @Test func anApplicationWithoutUpgradesEndsTheConnectionBehindARequestForOne() async throws {
        try await RunningServer.run(router) { server in
            let connection = try await server.connect()
            let fields = "Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n"
            try await connection.send("GET / HTTP/1.1\r\n\(fields)\r\n")
            let reply = try #require(try await connection.reply())
            #expect(reply.text == "hello" && reply.closes)
            #expect(try await connection.receive().isEmpty)
        }
    }

    @Test func inADrainItIsClosedAndWhatComesBeforeTheClientsCloseIsDelivered() async throws {
        let (logged, took) = try await run { server in
            let client = try await WebSocketClient.open("/echo", on: server.connect())
            try await client.send("before")
            #expect(try await client.receive()?.text == "before")
            await server.stop()
            await server.stop()
            let close = try #require(try await client.receive())
            #expect(close.code == 1001)
            #expect(String(decoding: close.payload.dropFirst(2), as: UTF8.self) == "the server stops or restarts")
            try await client.send("in between")
            try await client.close(1001)
            #expect(try await client.receive() == nil, "one Close, and a FIN")
        }
        #expect(received.all == ["before", "in between", "(end)"])
        #expect(logged.last == "info: drained: every request was answered", "\(logged)")
        #expect(took < .seconds(5))
    }

    @Test func aClientThatIgnoresCloseIsClosedAtItsDeadlineAndReported() async throws {
        let (logged, took) = try await run(echo { $0.closeTimeout = .seconds(3) }) { server in
            let client = try await WebSocketClient.open("/echo", on: server.connect())
            await server.stop()
            #expect(try await client.receive()?.code == 1001)
            try await client.send("I go on")
            #expect(try await client.receive() == nil)
        }
        #expect(received.all == ["I go on"])
        #expect(took < .seconds(5))
        let line = logged.first { $0.hasPrefix("warning: WebSocket closed at its deadline in the drain: 127.0.0.1:") }
        #expect(line?.hasSuffix(": WebSocket /echo: the client had not answered Close") == true, "\(logged)")
        #expect(logged.last == "info: drained: every request was answered", "\(logged)")
    }

    @Test func aMessageInOneFrameHasItsLimitToo() async throws {
        _ = try await run(echo { $0.maxMessageSize = 65_536 }) { server in
            let client = try await WebSocketClient.open("/echo", on: server.connect())
            try await client.send(2, Array(repeating: 7, count: 65_536))
            #expect(try await client.receive()?.payload.count == 65_536)
            try await client.send(2, Array(repeating: 7, count: 65_537))
            #expect(try await client.receive()?.code == 1009)
        }
    }

    /// What its client sends is not read, but its Close is.
    @Test func whereNobodyReadsTheCloseOfTheClientIsHeard() async throws {
        let (isOver, over) = AsyncStream.makeStream(of: Void.self)
        let pushing = HTTP1Upgrade.webSocket(at: "/ticks") { socket in
            try await socket.send(.text("tick"))
            for await _ in isOver {}
        }
        let (logged, _) = try await run(pushing) { server in
            let client = try await WebSocketClient.open("/ticks", on: server.connect())
            for number in 0..<50 { try await client.send("\(number)") }
            await server.stop()
            #expect(try await client.receive()?.text == "tick")
            #expect(try await client.receive()?.code == 1001)
            try await client.close(1001)
            #expect(try await client.receive() == nil)
            over.finish()
        }
        #expect(logged.last == "info: drained: every request was answered", "\(logged)")
        #expect(!logged.contains { $0.contains("closed at its deadline") }, "\(logged)")
    }

    /// It has what had come by then, and an error, but never a hole in the middle.
    @Test func whoBeginsToReadInTheDrainMissesNothingInBetween() async throws {
        let (isReading, read) = AsyncStream.makeStream(of: Void.self)
        let late = HTTP1Upgrade.webSocket(at: "/late") { [received] socket in
            try await socket.send(.text("open"))
            for await _ in isReading {}
            do {
                for try await case .text(let text) in socket.messages { received.note(text) }
            } catch {
                received.note("(error)")
            }
        }
        _ = try await run(late) { server in
            let client = try await WebSocketClient.open("/late", on: server.connect())
            #expect(try await client.receive()?.text == "open")
            await server.stop()
            #expect(try await client.receive()?.code == 1001)
            for number in 0..<50 { try await client.send("\(number)") }
            // Answered, so all of it has been read.
            try await client.close(1001)
            #expect(try await client.receive() == nil)
            read.finish()
        }
        let texts = received.all.dropLast()
        #expect(received.all.last == "(error)", "\(received.all)")
        #expect(Array(texts) == texts.indices.map { "\($0)" }, "\(received.all)")
    }

    @Test func closeOfBothSidesAtTheSameMomentIsOne() async throws {
        let (logged, _) = try await run { server in
            var clients: [WebSocketClient] = []
            for _ in 0..<30 { clients.append(try await WebSocketClient.open("/echo", on: server.connect())) }
            async let stopped: Void = server.stop()
            for client in clients { try await client.close(1000) }
            await stopped
            for client in clients {
                let code = try await client.receive()?.code
                #expect(code == 1000 || code == 1001)
                #expect(try await client.receive() == nil)
            }
        }
        #expect(logged.last == "info: drained: every request was answered", "\(logged)")
        #expect(!logged.contains { $0.hasPrefix("warning") }, "\(logged)")
    }

    /// Bytes on the wire, and the code of the Close that they are answered with.
    static let violations: [(String, [UInt8], Int)] = [
        (
            "a frame that is too large",
            WebSocketClient.bytes(2, Array(repeating: 0, count: 50_000), announcing: 2 << 20), 1009
        ),
        (
            "a message that is too large",
            (0..<3).flatMap {
                WebSocketClient.bytes($0 == 0 ? 2 : 0, Array(repeating: 0, count: 500_000), isFinal: false)
            },
            1009
        ),
        ("text that is not UTF-8", WebSocketClient.bytes(1, [0xC3, 0x28]), 1007),
        ("a frame that is not masked", [0x81, 1, 65], 1002),
        ("a reserved bit", [0xC1, 0x80, 0, 0, 0, 0], 1002),
        ("an unknown opcode", WebSocketClient.bytes(3, []), 1002),
        ("a fragmented ping", WebSocketClient.bytes(9, [], isFinal: false), 1002),
        ("a continuation of nothing", WebSocketClient.bytes(0, [65]), 1002),
        ("a code that is none", WebSocketClient.bytes(8, [3, 238]), 1002),
        ("half a code", WebSocketClient.bytes(8, [3]), 1002),
    ]

    @Test(arguments: violations)
    func aViolationEndsTheConnectionWithACloseThatSaysSo(what: String, bytes: [UInt8], code: Int) async throws {
        let (logged, _) = try await run { server in
            let client = try await WebSocketClient.open("/echo", on: server.connect())
            try await client.connection.send(bytes)
            #expect(try await client.receive()?.code == code, "\(what)")
            client.connection.finish()
            #expect(try await client.receive() == nil, "a FIN, and no RST")
        }
        #expect(logged.last == "info: drained: every request was answered", "\(logged)")
    }

    @Test func aHandshakeInTheDrainIsTakenAndTheConnectionClosedAtOnce() async throws {
        _ = try await run(drain: .init(timeout: .seconds(10), linger: .seconds(5))) { server in
            let connection = try await server.connect()
            #expect(try await connection.get("/")?.status == 200)
            let other = try await WebSocketClient.open("/echo", on: server.connect())
            await server.stop()
            // Now all connections know of the drain.
            #expect(try await other.receive()?.code == 1001)
            try await other.close(1001)
            let client = try await WebSocketClient.open("/echo", on: connection)
            #expect(try await client.receive()?.code == 1001)
            try await client.close(1001)
            #expect(try await client.receive() == nil)
        }
    }

    @Test func theFunctionLearnsOfTheDrainAndItsEndIsWaitedFor() async throws {
        let received = received
        let upgrade = HTTP1Upgrade.webSocket(at: "/echo") { socket in
            try await socket.send(.text("ready"))
            try await gracefulShutdown()
            received.note("told")
            for try await _ in socket.messages {}
            try await Task.sleep(for: .milliseconds(300))
            received.note("done")
        }
        _ = try await run(upgrade) { server in
            let client = try await WebSocketClient.open("/echo", on: server.connect())
            #expect(try await client.receive()?.text == "ready")
            await server.stop()
            #expect(try await client.receive()?.code == 1001)
            try await client.close(1001)
        }
        #expect(received.all == ["told", "done"])
    }

    @Test(arguments: [true, false])
    func whenTheFunctionEndsTheConnectionIsClosed(well: Bool) async throws {
        struct Broken: Error {}
        let upgrade = HTTP1Upgrade.webSocket(at: "/echo") { _ in if !well { throw Broken() } }
        _ = try await run(upgrade) { server in
            let client = try await WebSocketClient.open("/echo", on: server.connect())
            // More than is buffered for somebody who reads: what nobody reads must not hide the client's Close.
            for _ in 0..<100 { try await client.send("nobody reads this") }
            #expect(try await client.receive()?.code == (well ? 1000 : 1011))
            try await client.close(1000)
            #expect(try await client.receive() == nil)
        }
    }

    @Test func aFunctionThatDoesNotReturnIsCancelledAtTheDeadline() async throws {
        let received = received
        let upgrade = HTTP1Upgrade.webSocket(at: "/echo") { socket in
            try await socket.send(.text("ready"))
            do {
                try await Task.sleep(for: .seconds(60))
            } catch {
                received.note("cancelled")
            }
        }
        let (logged, took) = try await run(upgrade, drain: .init(timeout: .milliseconds(400), linger: .zero)) {
            server in
            let client = try await WebSocketClient.open("/echo", on: server.connect())
            #expect(try await client.receive()?.text == "ready")
            await server.stop()
            #expect(try await client.receive()?.code == 1001)
            try await client.close(1001)
            #expect(try await client.receive() == nil)
        }
        #expect(took < .seconds(5))
        #expect(received.all == ["cancelled"])
        #expect(logged.contains { $0.hasPrefix("warning: not drained within") }, "\(logged)")
    }
}
