import ArgumentParser
import Testing

@testable import BatonCommand

struct ProbeOptionsTests {
    private func plan(_ arguments: String...) throws -> ProbePlan {
        try ProbeOptions.parse(arguments).plan()
    }

    @Test func anotherServerThanAppIsAskedForItsPathOnly() throws {
        let plan = try plan("--any-body")
        #expect(plan.modes == [.newConnection, .keepAlive, .keepAlivePause, .connectPause])
        #expect(plan.expected == .anything)
        #expect(try self.plan("--any-body", "--mode", "long").modes == [.long])
    }

    @Test func defaults() throws {
        let plan = try plan()
        #expect(plan.target == .tcp(host: "127.0.0.1", port: 8080))
        #expect(plan.connections == 32)
        #expect(plan.modes == ProbeMode.load)
        #expect(plan.expected == .pid)
        guard case .steady(.seconds(10)) = plan.load else {
            Issue.record("\(plan.load)")
            return
        }
    }

    @Test func everythingGiven() throws {
        let plan = try plan(
            "http://[::1]:8080",
            "--connections",
            "6",
            "--mode",
            "long",
            "--mode",
            "keep-alive",
            "--rate",
            "2.5",
            "--path",
            "/bytes/10",
            "--restart",
            "systemctl restart app",
            "--restarts",
            "20",
            "--interval",
            "0.5"
        )
        #expect(plan.target == .tcp(host: "::1", port: 8080))
        #expect(plan.target.authority == "[::1]:8080")
        #expect(plan.modes == [.keepAlive, .long])
        #expect(plan.spacing == .milliseconds(400))
        #expect(plan.expected == .length(10))
        guard case .restarts(let restarts) = plan.load else {
            Issue.record("\(plan.load)")
            return
        }
        #expect(restarts.command == "systemctl restart app")
        #expect(restarts.count == 20)
        #expect(restarts.interval == .milliseconds(500))
        #expect(restarts.settle == .seconds(2))
    }

    @Test func idleConnectionsWithoutALoad() throws {
        let plan = try plan("--connections", "0", "--idle", "3", "--restart", "true", "--no-close")
        #expect(plan.clients == [.idle, .idle, .idle])
        #expect(plan.modes.isEmpty)
        #expect(plan.allModes == [.idle])
        #expect(plan.noClose)
        #expect(try self.plan("--idle", "3", "--restart", "true").clients.count == 35)
    }

    @Test func slowSendersWithoutALoad() throws {
        let plan = try plan("--connections", "0", "--drip", "2", "--drip-interval", "0.05")
        #expect(plan.clients == [.drip, .drip])
        #expect(plan.dripInterval == .milliseconds(50))
    }

    @Test func anOpenLoopHasItsOwnModes() throws {
        let plan = try plan("--arrival-rate", "2000", "--connections", "4")
        #expect(plan.arrivalRate == 2000)
        #expect(plan.modes == [.newConnection, .keepAlive])
        #expect(try self.plan("--arrival-rate", "0.5", "--mode", "keep-alive").modes == [.keepAlive])
        #expect(try self.plan("--arrival-rate", "0.5", "--any-body").modes == [.newConnection, .keepAlive])
        #expect(try self.plan().arrivalRate == nil)
    }

    @Test func aTargetThatIsReachedByTLS() throws {
        let plan = try plan("https://example.org", "--cacert", "ca.pem")
        #expect(plan.target == .tcp(host: "example.org", port: 443, isTLS: true))
        #expect(plan.target.words == "https://example.org:443")
        #expect(plan.tls == ProbePlan.TLSOptions(certificates: "ca.pem"))
        #expect(try self.plan("https://[::1]:8443", "--insecure").tls == ProbePlan.TLSOptions(isInsecure: true))
        #expect(try self.plan().tls == nil)
    }

    @Test func streamsOfHTTP2AreClients() throws {
        let plan = try plan("--http2", "--connections", "3", "--streams", "5")
        #expect(plan.clients == Array(repeating: .stream, count: 15))
        #expect(plan.allModes == [.stream])
        #expect(try self.plan("--http2", "--arrival-rate", "100").modes == [.stream])
        #expect(try self.plan("--http2").streams == 8)
    }

    @Test func webSocketsWithoutALoad() throws {
        let plan = try plan("--connections", "0", "--websocket", "2", "--websocket-path", "/chat")
        #expect(plan.clients == [.webSocket, .webSocket])
        #expect(plan.webSocketPath == "/chat")
    }

    @Test func moreOpenFilesThanThereMayBe() throws {
        let plan = try plan("--connections", "10", "--idle", "1000", "--restart", "true")
        let objection = try #require(OpenFiles.objection(to: plan, hardLimit: 1024))
        for word in ["--connections 10", "--idle 1000", "\(plan.descriptors) open files", "1024"] {
            #expect(objection.contains(word), "\(objection)")
        }
        #expect(OpenFiles.objection(to: plan, hardLimit: plan.descriptors) == nil)
    }

    /// Where a machine was measured, the hard limit is 20,000.
    @Test func tenThousandIdleConnectionsNeedLittleMoreThanTenThousandOpenFiles() throws {
        let plan = try plan("--idle", "10000", "--restart", "true")
        #expect(plan.descriptors < 10_500)
    }

    @Test func unixSocket() throws {
        #expect(try plan("--unix", "/run/app.sock").target == .unix(path: "/run/app.sock"))
    }

    /// The arguments, and what the message has to name.
    @Test(arguments: [
        (["ftp://a"], ["URL 'ftp://a'", "http://"]), (["127.0.0.1:8080"], ["URL '127.0.0.1:8080'"]),
        (["https://"], ["no host"]), (["http://"], ["no host"]), (["http://:80"], ["no host"]),
        (["http://a:0"], ["port from 1 to 65535"]), (["http://a:65536"], ["port from 1 to 65535"]),
        (["http://a:x"], ["port from 1 to 65535"]), (["http://a:+80"], ["port from 1 to 65535"]),
        (["http://[::1"], ["[ without ]"]), (["http://[x]:1"], ["no IPv6 address"]), (["http://a/b"], ["--path"]),
        (["http://u@a"], ["character"]), (["http://a b"], ["character"]),
        (["--unix", "/x", "http://a"], ["--unix /x", "exclude"]),
        (["--unix", String(repeating: "x", count: 108)], ["--unix", "107 bytes"]), (["--unix", ""], ["--unix ''"]),
        (["--mode", "foo"], ["'foo'", "--mode", "keep-alive-pause"]),
        (["--connections", "0"], ["--connections 0", "from 1"]),
        (["--connections", "-3"], ["--connections -3"]),
        (["--connections", "0", "--restart", "true"], ["--connections 0", "from 1"]),
        (
            ["--connections", "0", "--mode", "long", "--idle", "1", "--restart", "true"],
            ["--connections 0", "1 modes"]
        ),
        (["--idle", "-1", "--restart", "true"], ["--idle -1"]),
        (["--idle", "60001", "--restart", "true"], ["--idle 60001"]),
        (["--drip", "-1"], ["--drip -1"]), (["--drip-interval", "0.2"], ["--drip-interval", "--drip N"]),
        (["--drip", "1", "--drip-interval", "-1"], ["--drip-interval -1"]),
        (["--mode", "drip"], ["'drip'", "--mode"]),
        (["--drip", "1", "--drip-interval", "1"], ["--drip-interval 1", "bytes", "--timeout 30"]),
        (["--idle", "3"], ["--idle", "--restart COMMAND"]), (["--mode", "idle"], ["'idle'", "--mode"]),
        (["--connections", "3"], ["--connections 3", "6 modes", "--mode"]),
        (["--connections", "x"], ["'x'", "--connections"]), (["--threads", "0"], ["--threads 0"]),
        (["--rate", "1e-10"], ["--rate 1e-10", "0.001"]),
        (["--rate", "-1"], ["--rate -1"]), (["--rate", "nan"], ["--rate nan"]), (["--pause", "-1"], ["--pause -1"]),
        (["--body-time", "-0.5"], ["--body-time -0.5"]), (["--long-duration", "-2"], ["--long-duration -2"]),
        (["--long-duration", "30"], ["--long-duration 30", "--timeout 30"]), (["--timeout", "0"], ["--timeout 0"]),
        (["--timeout", "inf"], ["--timeout inf"]), (["--duration", "-1"], ["--duration -1"]),
        (["--arrival-rate", "0"], ["--arrival-rate 0", "from 0.001"]),
        (["--arrival-rate", "nan"], ["--arrival-rate nan"]),
        (["--arrival-rate", "9", "--rate", "3"], ["--arrival-rate 9", "--rate 3", "exclude"]),
        (["--arrival-rate", "9", "--mode", "long"], ["--mode long", "new-connection and keep-alive"]),
        (["--arrival-rate", "9", "--connections", "3", "--threads", "2"], ["--connections 3", "--threads 2"]),
        (["--insecure"], ["--insecure", "https://"]), (["--cacert", "x"], ["--cacert 'x'", "https://"]),
        (["https://a", "--insecure", "--cacert", "x"], ["--cacert 'x'", "exclude"]),
        (["--streams", "3"], ["--streams 3", "--http2"]), (["--http2", "--streams", "0"], ["--streams 0"]),
        (["--http2", "--mode", "long"], ["--mode", "--http2"]), (["--http2", "--drip", "1"], ["--drip", "--http2"]),
        (["--http2", "--websocket", "1"], ["--websocket", "--http2"]),
        (["--websocket", "-1"], ["--websocket -1"]),
        (["--websocket-path", "/x"], ["--websocket-path", "--websocket N"]),
        (["--websocket", "1", "--websocket-path", "x"], ["--websocket-path 'x'", "begin with /"]),
        (["--mode", "http2"], ["'http2'", "--mode"]), (["--mode", "websocket"], ["'websocket'", "--mode"]),
        (["--path", "x"], ["--path 'x'"]), (["--path", "/a b"], ["--path '/a b'"]),
        (["--path", "/\r\nX: y"], ["--path"]),
        (["--restarts", "3"], ["--restarts", "--restart COMMAND"]),
        (["--settle", "3"], ["--settle", "--restart COMMAND"]),
        (["--restart", ""], ["--restart ''"]), (["--restart", "true", "--restarts", "0"], ["--restarts 0"]),
        (["--restart", "true", "--restarts", "-1"], ["--restarts -1"]),
        (["--restart", "true", "--interval", "-1"], ["--interval -1"]),
        (["--restart", "true", "--duration", "3"], ["--duration", "exclude"]),
    ])
    func badInputIsNamed(arguments: [String], words: [String]) {
        do {
            _ = try BatonCommand.parseAsRoot(["probe"] + arguments)
            Issue.record("accepted \(arguments)")
        } catch {
            let message = BatonCommand.fullMessage(for: error)
            for word in words { #expect(message.contains(word), "\(message)") }
            #expect(BatonCommand.exitCode(for: error).rawValue == 64)
        }
    }

    @Test(arguments: [
        (32, ProbeMode.load, [6, 6, 6, 6, 6, 2]), (6, ProbeMode.load, [1, 1, 1, 1, 1, 1]),
        (3, [.long], [0, 0, 0, 0, 0, 3]), (4, [.keepAlive, .long], [0, 3, 0, 0, 0, 1]),
        (3, [.newConnection], [3, 0, 0, 0, 0, 0]),
    ])
    func clientsAreSpreadOverTheModes(connections: Int, modes: [ProbeMode], counts: [Int]) {
        let clients = ProbeMode.assignment(of: modes, to: connections)
        #expect(ProbeMode.load.map { mode in clients.count { $0 == mode } } == counts)
    }
}
