import ArticleRoutes
import Baton
import BatonHummingbird
import BatonNIO
import Hummingbird
import MachineKit
import Synchronization
import SystemdTestKit
import Testing

@testable import Systemd

/// The turning points of a program's life, and what systemd hears of them.
@Suite(.timeLimit(.minutes(1))) struct LifecycleTests {
    private let router: Router<BasicRequestContext>
    private static let patient = DrainConfiguration(timeout: .seconds(30), linger: .milliseconds(100))
    /// Ends the one request for `/slow`.
    private let answer: AsyncStream<Void>.Continuation

    init() {
        let (isWanted, answer) = AsyncStream.makeStream(of: Void.self)
        self.answer = answer
        router = Router()
        router.get("/") { _, _ in "pid 1" }
        router.get("/slow") { _, _ in
            for await _ in isWanted {}
            return "slow"
        }
    }

    @Test func readyComesAfterPrepareAndItsReportsBefore() async throws {
        let isPrepared = Mutex(false)
        var lifecycle = Lifecycle()
        lifecycle.longestStart = .seconds(10)
        lifecycle.prepare = { progress in
            progress.report("loading table 1 of 2")
            progress.report("loading table 2 of 2")
            isPrepared.withLock { $0 = true }
        }
        let (told, _, _) = try await RunningServer.run(router, lifecycle: lifecycle) { server in
            #expect(isPrepared.withLock { $0 })
            let reports = server.messages.prefix { !$0.hasPrefix("READY=1") }
            #expect(reports.count == 2)
            for (index, report) in reports.enumerated() {
                #expect(report.hasPrefix("STATUS=starting: loading table \(index + 1) of 2\nEXTEND_TIMEOUT_USEC="))
                let extension_ = report.split(separator: "=").last.flatMap { UInt64($0) } ?? 0
                #expect((1_000_000...10_000_000).contains(extension_), "not beyond the longest start")
            }
        }
        #expect(told == ["READY=1", "STOPPING=1"])
    }

    @Test func aPrepareThatThrowsEndsTheStart() async throws {
        struct Broken: Error {}
        var lifecycle = Lifecycle()
        lifecycle.prepare = { _ in throw Broken() }
        var thrown: (any Error)?
        do {
            try await RunningServer.run(router, lifecycle: lifecycle) { _ in Issue.record("it serves") }
        } catch {
            thrown = error
        }
        #expect(thrown is Broken)
    }

    @Test func theDrainIsToldInTheStatus() async throws {
        let messages = Mutex<[String]>([])
        try await RunningServer.run(router, drain: Self.patient) { [answer] server in
            let slow = try await server.connect()
            try await slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            let idle = try await server.connect()
            let first = try await idle.get("/")
            #expect(first?.status == 200)
            try await server.readWhatHasArrived()
            await server.stop()
            while !server.messages.contains(where: { $0.contains("1 request, 0 idle") }) {
                try await Task.sleep(for: .milliseconds(10))
            }
            answer.finish()
            let reply = try await slow.reply()
            #expect(reply?.status == 200)
            messages.withLock { $0 = server.messages }
        }
        let drain = messages.withLock { $0.drop { !$0.hasPrefix("STOPPING=1") }.dropFirst() }
        let first = try #require(drain.first)
        // How many of the connections that have just been closed are known to be so is not certain yet.
        #expect(
            first.contains(/^STATUS=draining: [1-9].*, (29|30) s left\nEXTEND_TIMEOUT_USEC=5000000$/),
            "\(first)"
        )
        #expect(
            drain.contains { $0.contains(/STATUS=draining: 1 request, 0 idle connections, [12]\d s left/) },
            "\(drain)"
        )
    }

    @Test func asALameDuckItServesNewConnectionsAndSaysThatItStops() async throws {
        var lifecycle = Lifecycle()
        lifecycle.lameDuck = .seconds(6)
        let (told, logged, _) = try await RunningServer.run(
            ArticleRouter.make(start: .now()),
            lifecycle: lifecycle
        ) { server in
            let before = try await server.status("/health")
            #expect(before == 200)
            await server.stop()
            // The handlers are told a moment later.
            while try await server.status("/health") == 200 {}
            let (health, root) = (try await server.status("/health"), try await server.status("/"))
            #expect(health == 503 && root == 200)
            #expect(server.told == ["READY=1"])
        }
        #expect(told == ["READY=1", "STOPPING=1"])
        #expect(logged.contains { $0.hasSuffix("new connections are still served for 6.0 seconds") }, "\(logged)")
        #expect(logged.last == "info: drained: every request was answered", "\(logged)")
    }

    /// A successor takes over, or the socket stays: there is no need to look elsewhere.
    @Test func whereAnotherProcessFollowsItIsNoLameDuck() async throws {
        var lifecycle = Lifecycle()
        lifecycle.lameDuck = .seconds(60)
        let (_, logged, took) = try await RunningServer.run(router, lifecycle: lifecycle, endsByItself: true) {
            server in
            let status = try await server.status("/")
            #expect(status == 200)
            server.listener.close(promise: nil)
        }
        #expect(took < .seconds(30))
        #expect(!logged.contains { $0.contains("still served") }, "\(logged)")
    }

    @Test func itExitsByItselfWhenNobodyCame() async throws {
        var lifecycle = Lifecycle()
        // Long enough for the one request to come before, however busy the machine is.
        lifecycle.idleExit = .seconds(3)
        let asked = Mutex(ContinuousClock.now)
        let (told, logged, _) = try await RunningServer.run(
            router,
            lifecycle: lifecycle,
            endsByItself: true
        ) { server in
            asked.withLock { $0 = .now }
            let status = try await server.status("/")
            #expect(status == 200)
        }
        #expect(told == ["READY=1", "STOPPING=1"])
        #expect(ContinuousClock.now - asked.withLock { $0 } >= .seconds(3), "not before its time")
        #expect(logged.contains { $0.contains("no connection for 3.0 seconds") }, "\(logged)")
    }

    @Test func whereNobodyWouldStartItAgainItStays() async throws {
        var lifecycle = Lifecycle()
        lifecycle.idleExit = .milliseconds(1)
        let (_, logged, _) = try await RunningServer.run(router, origin: .bound, lifecycle: lifecycle) { server in
            let status = try await server.status("/")
            #expect(status == 200)
            #expect(server.told == ["READY=1"])
        }
        #expect(logged.contains { $0.hasPrefix("warning: no exit after 0.001 seconds") }, "\(logged)")
    }

    @Test func theWatchdogIsPingedFromReadyToTheEnd() async throws {
        let atEnd = Mutex<[String]>([])
        try await RunningServer.run(router, drain: Self.patient, watchdog: WatchdogTimeout(.milliseconds(400))) {
            [answer] server in
            let slow = try await server.connect()
            try await slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            try await server.readWhatHasArrived()
            await server.stop()
            while Self.pingsInTheDrain(server.messages) < 4 { try await Task.sleep(for: .milliseconds(10)) }
            answer.finish()
            let reply = try await slow.reply()
            #expect(reply?.status == 200)
            atEnd.withLock { $0 = server.messages }
        }
        let messages = atEnd.withLock { $0 }
        let ready = try #require(messages.firstIndex { $0.hasPrefix("READY=1") })
        #expect(messages[ready...].contains("WATCHDOG=1"))
        #expect(Self.pingsInTheDrain(messages) >= 4)
    }

    private static func pingsInTheDrain(_ messages: [String]) -> Int {
        messages.drop { !$0.hasPrefix("STOPPING=1") }.count { $0 == "WATCHDOG=1" }
    }

    @Test func aHealthCheckThatThrowsIsAMissedPing() async throws {
        struct Ill: Error {}
        var lifecycle = Lifecycle()
        lifecycle.healthCheck = { throw Ill() }
        let messages = Mutex<[String]>([])
        let (_, logged, _) = try await RunningServer.run(
            router,
            watchdog: WatchdogTimeout(.milliseconds(40)),
            lifecycle: lifecycle
        ) { server in
            while !server.logged.contains(where: { $0.contains("Ill") }) {
                let status = try await server.status("/")
                #expect(status == 200)
            }
            messages.withLock { $0 = server.messages }
        }
        #expect(!messages.withLock { $0.contains("WATCHDOG=1") })
        #expect(logged.contains { $0.contains("Ill") }, "\(logged)")
    }
}
