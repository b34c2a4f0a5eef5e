import Synchronization
import SystemPackage
import Systemd
import Testing

@testable import Baton

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite struct ServiceReporterTests {
    /// What the manager was told, without the time of a reload.
    private final class Manager: Sendable {
        let told = Mutex<[String]>([])
        let warnings = Mutex<[String]>([])
        let outcome = Mutex(NotifyOutcome.sent)

        var reporter: ServiceReporter { reporter() }

        func reporter(isMain: Bool = true) -> ServiceReporter {
            ServiceReporter(
                notifier: ServiceNotifier { [self] text in
                    let lines = text.split(separator: "\n").filter { !$0.hasPrefix("MONOTONIC_USEC=") }
                    told.withLock { $0.append(lines.joined(separator: " ")) }
                    return outcome.withLock { $0 }
                },
                isMain: isMain
            ) { [self] line in warnings.withLock { $0.append(line) } }
        }

        var all: [String] { told.withLock { $0 } }
    }

    private struct Broken: Error, CustomStringConvertible { var description: String { "line 3\nis wrong" } }

    @Test func aLifeWithoutIncidents() async throws {
        let manager = Manager()
        let reporter = manager.reporter
        reporter.starting("starting: 1 of 2", extension: .seconds(15))
        #expect(reporter.ready("serving"))
        let ran = try await reporter.reload(done: "serving", failed: { "\($0)" }) {}
        #expect(ran)
        reporter.stopping("draining")
        reporter.draining("draining: 1 request", extension: .seconds(5))
        reporter.draining("draining: 1 request", extension: nil)
        #expect(
            manager.all == [
                "STATUS=starting: 1 of 2 EXTEND_TIMEOUT_USEC=15000000", "READY=1 STATUS=serving",
                "RELOADING=1 STATUS=reloading", "READY=1 STATUS=serving", "STOPPING=1 STATUS=draining",
                "STATUS=draining: 1 request EXTEND_TIMEOUT_USEC=5000000", "STATUS=draining: 1 request",
            ]
        )
    }

    @Test func aFailedReloadIsEndedByReadyToo() async {
        let manager = Manager()
        let reporter = manager.reporter
        reporter.ready("serving")
        await #expect(throws: Broken.self) {
            _ = try await reporter.reload(done: "", failed: { "serving; reload failed: \($0)" }) { throw Broken() }
        }
        #expect(
            manager.all.dropFirst() == [
                "RELOADING=1 STATUS=reloading", "READY=1 STATUS=serving; reload failed: line 3 is wrong",
            ]
        )
    }

    @Test func nothingContradictsStopping() async throws {
        let manager = Manager()
        let reporter = manager.reporter
        reporter.ready("serving")
        let ran = try await reporter.reload(done: "done", failed: { "\($0)" }) { reporter.stopping("draining") }
        #expect(ran)
        reporter.stopping("again")
        let ranAgain = try await reporter.reload(done: "done", failed: { "\($0)" }) { Issue.record("it stops") }
        #expect(!ranAgain)
        #expect(!reporter.ready("late"))
        reporter.starting("late", extension: .seconds(1))
        #expect(
            manager.all == ["READY=1 STATUS=serving", "RELOADING=1 STATUS=reloading", "STOPPING=1 STATUS=draining"]
        )
    }

    @Test func aReloadBeforeReadyDoesNotRun() async throws {
        let manager = Manager()
        let ran = try await manager.reporter.reload(done: "", failed: { "\($0)" }) { Issue.record("not ready") }
        #expect(!ran)
        #expect(manager.all.isEmpty)
    }

    @Test func afterAHandOverNothingIsTold() async throws {
        let manager = Manager()
        let reporter = manager.reporter
        reporter.ready("serving")
        let ran = try await reporter.reload("restarting", done: "done", failed: { "\($0)" }) {
            #expect(reporter.handOver(to: getpid()) == .done)
        }
        #expect(ran)
        #expect(!reporter.isMain)
        reporter.stopping("draining")
        reporter.draining("draining", extension: .seconds(1))
        let ranAgain = try await reporter.reload(done: "done", failed: { "\($0)" }) { Issue.record("handed over") }
        #expect(!ranAgain)
        #expect(manager.all.dropFirst().first == "RELOADING=1 STATUS=restarting")
        let last = try #require(manager.all.dropFirst(2).first)
        #expect(manager.all.count == 3)
        #expect(last.hasPrefix("READY=1 MAINPID=\(getpid())"), "in one message")
    }

    @Test func aHandOverThatCannotBeToldChangesNothing() async throws {
        let manager = Manager()
        let reporter = manager.reporter
        reporter.ready("serving")
        _ = try await reporter.reload(done: "done", failed: { "\($0)" }) {
            manager.outcome.withLock { $0 = .failed(.timedOut) }
            guard case .failed(let reason) = reporter.handOver(to: getpid()) else { throw Broken() }
            #expect(reason.contains("MAINPID=\(getpid())"))
            guard case .failed = reporter.handOver(to: 1) else { throw Broken() }
            manager.outcome.withLock { $0 = .sent }
        }
        #expect(reporter.isMain)
        #expect(manager.all.last == "READY=1 STATUS=done")
    }

    @Test func aServiceThatStopsIsNotHandedOver() async throws {
        let manager = Manager()
        let reporter = manager.reporter
        reporter.ready("serving")
        #expect(reporter.handOver(to: getpid()) == .stopping, "not in a reload")
        _ = try await reporter.reload(done: "done", failed: { "\($0)" }) {
            reporter.stopping("draining")
            #expect(reporter.handOver(to: getpid()) == .stopping)
        }
        #expect(manager.all.last == "STOPPING=1 STATUS=draining")
    }

    @Test func aSuccessorIsSilentUntilItIsTheMainProcess() {
        let manager = Manager()
        let early = manager.reporter(isMain: false)
        early.starting("starting", extension: .seconds(1))
        early.stopping("draining")
        #expect(manager.all.isEmpty)
        let reporter = manager.reporter(isMain: false)
        reporter.becomeMain()
        #expect(reporter.ready("serving"))
        #expect(manager.all == ["READY=1 STATUS=serving"])
    }

    @Test func aManagerThatCannotBeToldIsWarnedOfOnceAndAgainAfterItCould() {
        let manager = Manager()
        let reporter = manager.reporter
        manager.outcome.withLock { $0 = .failed(.timedOut) }
        reporter.ready("")
        reporter.stopping("")
        #expect(manager.warnings.withLock { $0.count } == 1)
        manager.outcome.withLock { $0 = .sent }
        reporter.draining("", extension: nil)
        manager.outcome.withLock { $0 = .failed(.timedOut) }
        reporter.draining("", extension: nil)
        #expect(manager.warnings.withLock { $0.count } == 2)
    }
}
