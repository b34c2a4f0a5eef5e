import ArticleRoutes
import Hummingbird
import MachineKit
import SystemdTestKit
import Testing

@testable import Baton
@testable import BatonHummingbird

/// How connections end.
@Suite struct DrainTests {
    private let router: Router<BasicRequestContext>

    init() {
        router = Router()
        router.get("/") { _, _ in "hello" }
        router.get("/sleep/:ms") { _, context in
            let milliseconds = try context.parameters.require("ms", as: Int.self)
            try await Task.sleep(for: .milliseconds(milliseconds))
            return "slept"
        }
        router.get("/bytes/:count") { _, context in
            ByteBuffer(repeating: 65, count: try context.parameters.require("count", as: Int.self))
        }
        // Answers without looking at the body.
        router.post("/early") { _, _ in "early" }
        // Notices neither cancellation nor that its client has gone.
        router.get("/never") { _, _ -> String in
            await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
            return "never"
        }
    }

    @Test func aRequestInTheLingerIsAnsweredAndEndsTheConnection() async throws {
        try await RunningServer.run(router, drain: .init(timeout: .seconds(5), linger: .seconds(5))) { server in
            let connection = try await server.connect()
            #expect(try await connection.get("/")?.closes == false)
            await server.stop()
            // The connection hears of the drain a moment later; until then nothing has changed for it.
            var isClosing = false
            while !isClosing {
                let reply = try #require(try await connection.get("/"))
                #expect(reply.status == 200)
                isClosing = reply.closes
            }
            #expect(try await connection.receive().isEmpty)
        }
    }

    @Test func idleConnectionsDelayTheEndByTheLingerAndNoMore() async throws {
        let (_, _, took) = try await RunningServer.run(
            router,
            drain: .init(timeout: .seconds(30), linger: .milliseconds(200))
        ) { server in
            let connections = try await Connection.open(20, to: server.port, in: nil)
            for connection in connections { #expect(try await connection.get("/")?.status == 200) }
            let start = ContinuousClock.now
            await server.stop()
            for connection in connections { #expect(try await connection.receive().isEmpty) }
            #expect(ContinuousClock.now - start >= .milliseconds(190))
        }
        #expect(took < .seconds(5))
    }

    @Test func pipelinedRequestsAreAllAnswered() async throws {
        try await RunningServer.run(router) { server in
            let connection = try await server.connect()
            let request = "GET /sleep/100 HTTP/1.1\r\nHost: a\r\n\r\n"
            try await connection.send(String(repeating: request, count: 10))
            #expect(try await connection.reply()?.status == 200)
            await server.stop()
            var closing: [Bool] = []
            for _ in 2...10 { closing.append(try #require(try await connection.reply()).closes) }
            #expect(closing == Array(repeating: false, count: 8) + [true])
            #expect(try await connection.receive().isEmpty)
        }
    }

    @Test func whatIsLeftAtTheDeadlineIsCutAndReported() async throws {
        let (told, logged, _) = try await RunningServer.run(
            router,
            drain: .init(timeout: .milliseconds(300), linger: .milliseconds(50))
        ) { server in
            let partial = try await server.connect()
            try await partial.send("GET /half HTTP/1.1\r\nHo")
            let sleeping = try await server.connect()
            try await sleeping.send("GET /sleep/60000 HTTP/1.1\r\nHost: a\r\n\r\n")
            let uploading = try await server.connect()
            try await uploading.send("GET /sleep/60000?upload HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx")
            try await server.readWhatHasArrived()
            await server.stop()
            for connection in [partial, sleeping, uploading] {
                #expect((try? await connection.receive().isEmpty) ?? true)
            }
        }
        #expect(told == ["READY=1", "STOPPING=1"])
        let cut = logged.filter { $0.hasPrefix("warning: connection cut at the drain's deadline: ") }
        #expect(cut.count == 3, "\(logged)")
        #expect(cut.allSatisfy { $0.contains(/127\.0\.0\.1:\d+, open for \d+ ms:/) }, "\(cut)")
        #expect(cut.contains { $0.hasSuffix(": an incomplete request head, 22 bytes of it received") }, "\(cut)")
        #expect(cut.contains { $0.hasSuffix(": GET /sleep/60000: its handler had not answered") }, "\(cut)")
        #expect(cut.contains { $0.hasSuffix(": GET /sleep/60000: its body was being received") }, "\(cut)")
    }

    @Test(.timeLimit(.minutes(1)))
    func aHandlerThatNeverReturnsDoesNotHoldTheExitUp() async throws {
        let (_, logged, _) = try await RunningServer.run(
            router,
            drain: .init(timeout: .milliseconds(200), linger: .milliseconds(50))
        ) { server in
            let connection = try await server.connect()
            try await connection.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n")
            try await server.readWhatHasArrived()
            await server.stop()
        }
        #expect(logged.contains { $0.hasPrefix("warning: not drained within") }, "\(logged)")
    }

    @Test func anUploadThatIsAnsweredEarlyIsReadToItsEnd() async throws {
        let (_, logged, took) = try await RunningServer.run(
            router,
            drain: .init(timeout: .seconds(30), linger: .milliseconds(50))
        ) { server in
            let size = 1_000_000
            let connection = try await server.connect()
            try await connection.send("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
            #expect(try await connection.reply()?.text == "early")
            await server.stop()
            // A piece for longer than the linger: closing in the middle of it would reset the connection.
            for _ in 0..<10 {
                try await connection.send(String(repeating: "x", count: size / 10))
                try await Task.sleep(for: .milliseconds(30))
            }
            #expect(try await connection.receive().isEmpty, "a FIN, and no RST")
        }
        #expect(logged.last == "info: drained: every request was answered", "\(logged)")
        #expect(took < .seconds(5))
    }

    @Test(arguments: [true, false])
    func whatIsNoHTTPDoesNotHoldTheExitUp(before: Bool) async throws {
        let (_, logged, took) = try await RunningServer.run(
            router,
            drain: .init(timeout: .seconds(30), linger: .seconds(20))
        ) { server in
            let connection = try await server.connect()
            // What is not accepted yet would be left to the holder of the socket, and here is none.
            try await server.readWhatHasArrived()
            if !before { await server.stop() }
            try await connection.send("\u{16}\u{03}\u{01} this is no HTTP\r\n\r\n")
            #expect(try await connection.reply()?.status == 400)
            await server.stop()
            #expect(try await connection.receive().isEmpty)
        }
        #expect(logged.last == "info: drained: every request was answered", "\(logged)")
        #expect(took < .seconds(5))
    }

    /// As `nc -N` and some proxies do: that the client sends no more does not mean that it does not read.
    @Test(arguments: [false, true])
    func aClientThatHasEndedItsSideGetsAllOfItsResponse(inADrain: Bool) async throws {
        let size = 20_000_000
        let (_, logged, _) = try await RunningServer.run(
            router,
            drain: .init(timeout: .seconds(30), linger: .milliseconds(50))
        ) { server in
            let connection = try await server.connect()
            try await connection.send("GET /bytes/\(size) HTTP/1.1\r\nHost: a\r\n\r\n")
            connection.finish()
            try await server.readWhatHasArrived()
            if inADrain { await server.stop() }
            // Long enough for a server that does not wait for it to have closed.
            try await Task.sleep(for: .seconds(1))
            var bytes = 0
            while case let more = try await connection.receive(), !more.isEmpty { bytes += more.count }
            #expect(bytes > size, "\(bytes)")
        }
        #expect(logged.last == "info: drained: every request was answered", "\(logged)")
    }

    @Test func aTimeoutWithoutEndIsOne() async throws {
        let (_, logged, _) = try await RunningServer.run(
            router,
            drain: .init(timeout: .seconds(Int64.max), linger: .seconds(-1))
        ) { server in
            let status = try await server.status("/")
            #expect(status == 200)
        }
        #expect(logged.last == "info: drained: every request was answered")
    }

    @Test(arguments: 0..<10)
    func aDrainWithoutTimeCutsConnectionsThatAreOnTheirWay(round: Int) async throws {
        try await RunningServer.run(router, drain: .init(timeout: .zero, linger: .zero)) { server in
            let connections = try await Connection.open(100, to: server.port, in: nil)
            for connection in connections { try await connection.send("GET /sleep/1000 HTTP/1.1\r\nHost: a\r\n\r\n") }
            await server.stop()
        }
    }

    @Test func aClientThatIsGoneDoesNotHoldTheExitUp() async throws {
        let (_, logged, _) = try await RunningServer.run(router) { server in
            for _ in 0..<10 {
                let connection = try await server.connect()
                _ = try await connection.get("/")
                try await connection.send("GET /sleep/50 HTTP/1.1\r\nHost: a\r\n\r\n")
            }
            await server.stop()
        }
        #expect(logged.last == "info: drained: every request was answered")
    }

    @Test func aHandlerWhoseClientIsGoneIsNamedAtTheDeadline() async throws {
        let (_, logged, _) = try await RunningServer.run(
            router,
            drain: .init(timeout: .seconds(3), linger: .milliseconds(50))
        ) { server in
            let connection = try await server.connect()
            _ = try await connection.get("/")
            try await connection.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n")
            try await server.readWhatHasArrived()
            connection.reset()
            await server.stop()
        }
        let line = "warning: handlers cancelled that had not returned although their connections had closed: 1"
        #expect(logged.contains(line), "\(logged)")
    }

    /// What tells a load balancer to go elsewhere.
    @Test func healthSaysThatTheServerDrains() async throws {
        try await RunningServer.run(
            ArticleRouter.make(start: .now()),
            drain: .init(timeout: .seconds(20), linger: .seconds(20))
        ) { server in
            let connection = try await server.connect()
            #expect(try await connection.get("/health")?.text == "ok\n")
            // A slow request keeps the connection from being told to end with the next answer.
            try await connection.send("GET /sleep/?duration=4s HTTP/1.1\r\nHost: a\r\n\r\n")
            try await connection.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
            await server.stop()
            #expect(try await connection.reply()?.status == 200)
            let health = try #require(try await connection.reply())
            #expect(health.status == 503)
            #expect(health.text == "draining\n")
        }
    }
}
