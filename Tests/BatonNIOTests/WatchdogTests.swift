import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import Testing

@testable import BatonNIO
@testable import Systemd

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite(.needsLibsystemd, .serialized, .timeLimit(.minutes(1))) final class WatchdogTests {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    private let manager: FakeManager
    private let records = Records()

    init() throws {
        manager = try FakeManager()
    }

    deinit {
        group.shutdownGracefully { _ in }
    }

    private func watchdog(
        _ timeout: Duration,
        check: (@Sendable () async throws -> Void)? = {}
    ) -> WatchdogService {
        WatchdogService(
            timeout: WatchdogTimeout(timeout),
            notifier: manager.notifier,
            group: group,
            logger: records.logger,
            check: check
        )
    }

    /// Runs it while the body runs.
    private func running(_ watchdog: WatchdogService, _ body: () async throws -> Void) async throws {
        let run = Task { try await watchdog.run() }
        do {
            try await body()
        } catch {
            run.cancel()
            throw error
        }
        run.cancel()
        try await run.value
    }

    private static func gaps(_ instants: [ContinuousClock.Instant]) -> [Duration] {
        zip(instants, instants.dropFirst()).map { $1 - $0 }
    }

    /// Returns when a line with this text is logged, or after ten seconds.
    private func wait(forLine text: String) async throws {
        let limit = ContinuousClock.now + .seconds(10)
        while !records.logged.contains(where: { $0.contains(text) }), .now < limit {
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Pings that are sent in the body, after those that were under way before it.
    private func pings(during body: () async throws -> Void) async throws -> Int {
        try await manager.catchUp()
        let before = manager.pings.count
        try await body()
        try await manager.catchUp()
        return manager.pings.count - before
    }

    @Test func pingsAtHalfTheTimeout() async throws {
        try await running(watchdog(.seconds(3), check: nil)) { try await manager.wait(forPings: 3) }
        let pings = manager.pings
        #expect(pings.count >= 3)
        // Other tests share the machine, so a round may come late; then the next ones do not wait for their full intervals.
        #expect(Self.gaps(Array(pings.prefix(3))).max().map { $0 >= .milliseconds(1400) } == true)
        #expect(pings[2] - pings[0] >= .milliseconds(2000))
        #expect(records.logged == [])
        #expect(manager.all.allSatisfy { $0.text == "WATCHDOG=1" })
    }

    @Test func pingNowDoesNotWaitForTheInterval() async throws {
        let watchdog = watchdog(.seconds(20))
        try await running(watchdog) {
            try await manager.wait(forPings: 1)
            let begin = ContinuousClock.now
            watchdog.pingNow()
            try await manager.wait(forPings: 2)
            #expect(manager.pings.count == 2)
            #expect(manager.pings.last.map { $0 - begin < .seconds(8) } == true)
        }
    }

    @Test func aBlockedEventLoopIsAMissedPing() async throws {
        try await running(watchdog(.seconds(2))) {
            try await manager.wait(forPings: 1)
            let isFree = Told()
            group.next().execute {
                while isFree.all.isEmpty { usleep(1000) }
            }
            try await wait(forLine: "no answer")
            let sent = try await pings { try await Task.sleep(for: .milliseconds(1500)) }
            #expect(sent == 0)
            let before = manager.pings.count
            isFree.note(.requested)
            try await manager.wait(forPings: before + 1)
            #expect(manager.pings.count > before)
        }
        #expect(records.logged.count == 2, "\(records.logged)")
        #expect(records.logged.first?.hasPrefix("watchdog: no answer for ") == true)
        #expect(records.logged.first?.contains(" from event loop ") == true)
        #expect(records.logged.first?.contains("the check") == false)
        #expect(records.logged.last?.hasPrefix("watchdog: all have answered, after ") == true)
    }

    @Test func aCheckThatThrowsIsAMissedPingAndLoggedOnce() async throws {
        let fails = Mutex(false)
        try await running(
            watchdog(.seconds(2)) { if fails.withLock({ $0 }) { throw ClientError(what: "no database") } }
        ) {
            try await manager.wait(forPings: 1)
            fails.withLock { $0 = true }
            try await wait(forLine: "the check failed")
            let sent = try await pings { try await Task.sleep(for: .milliseconds(2500)) }
            #expect(sent == 0)
            let before = manager.pings.count
            fails.withLock { $0 = false }
            try await manager.wait(forPings: before + 1)
            #expect(manager.pings.count > before)
        }
        #expect(
            records.logged == [
                "watchdog: the check failed: ClientError(what: \"no database\"): no ping until it succeeds",
                "watchdog: the check succeeds again",
            ]
        )
    }

    @Test func aCheckThatHangsIsAMissedPing() async throws {
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        try await running(watchdog(.seconds(2)) { for await _ in gate {} }) {
            try await wait(forLine: "no answer")
            try await Task.sleep(for: .milliseconds(1500))
            try await manager.catchUp()
            #expect(manager.pings.isEmpty)
            open.finish()
            try await manager.wait(forPings: 1)
            #expect(!manager.pings.isEmpty)
        }
        #expect(records.logged.first?.hasSuffix(" from the check: no ping until there is one") == true)
        #expect(records.logged.count == 2, "\(records.logged)")
    }

    /// In a process of its own, as it leaves no thread for other tests.
    @Test func aBlockedCooperativePoolIsAMissedPing() async {
        await #expect(processExitsWith: .success) {
            let manager = try FakeManager()
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let watchdog = WatchdogService(
                timeout: WatchdogTimeout(.milliseconds(100)),
                notifier: manager.notifier,
                group: group,
                logger: Records().logger
            )
            let run = Task { try await watchdog.run() }
            try await manager.wait(forPings: 3)
            guard manager.pings.count >= 3 else { exit(1) }
            // On this very thread among others, so that nothing but the watchdog's runs.
            for _ in 0..<2 * System.coreCount {
                Task.detached(priority: .high) { usleep(700_000) }
            }
            usleep(300_000)
            let before = manager.pings.count
            usleep(300_000)
            guard manager.pings.count == before else { exit(2) }
            try await manager.wait(forPings: before + 2)
            guard manager.pings.count >= before + 2 else { exit(3) }
            run.cancel()
            try await run.value
        }
    }

    @Test func aGracefulShutdownEndsItAfterTheServicesBehindIt() async throws {
        struct Draining: Service {
            let manager: FakeManager
            let pingsAtStop: SharedNumber
            func run() async throws {
                try? await gracefulShutdown()
                pingsAtStop.set(manager.pings.count)
                try await manager.wait(forPings: manager.pings.count + 4)
                pingsAtStop.set(manager.pings.count - pingsAtStop.value)
            }
        }
        let whileDraining = SharedNumber()
        let group = ServiceGroup(
            services: [watchdog(.milliseconds(60)), Draining(manager: manager, pingsAtStop: whileDraining)],
            logger: Records().logger
        )
        async let ended: Void = group.run()
        try await manager.wait(forPings: 1)
        await group.triggerGracefulShutdown()
        try await ended
        #expect(whileDraining.value >= 4)
        let sent = try await pings { try await Task.sleep(for: .milliseconds(150)) }
        #expect(sent == 0)
    }

    /// All event loops and the cooperative pool have more to do than they can, but none hangs.
    @Test func underLoadNoPingIsMissed() async throws {
        let isOver = Told()
        for loop in group.makeIterator() {
            @Sendable func spin() {
                let end = ContinuousClock.now + .milliseconds(2)
                while .now < end {}
                if isOver.all.isEmpty { loop.execute(spin) }
            }
            loop.execute(spin)
        }
        let busy = Task {
            await withDiscardingTaskGroup { tasks in
                for _ in 0..<16 {
                    tasks.addTask {
                        while isOver.all.isEmpty {
                            let end = ContinuousClock.now + .milliseconds(2)
                            while .now < end {}
                            await Task.yield()
                        }
                    }
                }
            }
        }
        let (begin, manager) = (ContinuousClock.now, manager)
        // How long this thread was kept from running although its sleep was over: that much the machine owes the watchdog, too.
        let overslept = Mutex(Duration.zero)
        try await running(watchdog(.seconds(2))) {
            try await blocking {
                let limit = begin + .seconds(30)
                while manager.pings.count < 5, .now < limit {
                    let due = ContinuousClock.now + .milliseconds(10)
                    usleep(10_000)
                    overslept.withLock { $0 = max($0, .now - due) }
                }
            }
        }
        isOver.note(.requested)
        await busy.value
        let gaps = Self.gaps([begin] + manager.pings)
        let longest = overslept.withLock { $0 }
        #expect(gaps.count >= 5 && gaps.allSatisfy { $0 < .seconds(2) + longest }, "\(gaps), \(longest) late by itself")
    }
}
