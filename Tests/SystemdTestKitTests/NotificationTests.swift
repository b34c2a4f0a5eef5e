import Baton
import Foundation
import Systemd
import SystemdTestKit
import Testing

struct NotificationTests {
    private let manager: FakeServiceManager
    private let notifier: ServiceNotifier

    init() throws {
        manager = try FakeServiceManager()
        notifier = try manager.activation().notifier
    }

    @Test func aMessageComesAsItWasSent() async throws {
        let before = ContinuousClock.now
        #expect(notifier.send(.ready.status(flattening: "serving = all")) == .sent)
        let ready = try await manager.next()
        #expect(ready.isReady && !ready.isStopping && !ready.isReloading)
        #expect(ready.status == "serving = all")
        #expect(ready["MAINPID"] == nil)
        #expect(ready.description == "READY=1 STATUS=serving = all")
        #expect(ready.descriptorCount == 0)
        #expect(ready.time >= before && ready.time <= .now)
        #if os(Linux)
        #expect(ready.sender == getpid())
        #endif
    }

    @Test func nextSkipsWhatIsNotWantedAndReturnsNothingTwice() async throws {
        notifier.send(.ready)
        notifier.send(try ServiceNotification().status("one"))
        notifier.send(try ServiceNotification().status("two"))
        notifier.send(.stopping)
        #expect(try await manager.next { $0.status != nil }.status == "one")
        #expect(try await manager.next().status == "two")
        #expect(try await manager.next().isStopping)
        #expect(manager.notifications.count == 4)
    }

    @Test(.timeLimit(.minutes(1)))
    func whoWaitsIsWokenByWhatComesLater() async throws {
        async let stopping = manager.next { $0.isStopping }
        let sender = Task { [notifier] in
            for number in 1...100 {
                notifier.send(try ServiceNotification().status("\(number)"))
                await Task.yield()
            }
            notifier.send(.stopping)
        }
        #expect(try await stopping.isStopping)
        try await sender.value
        #expect(manager.notifications.compactMap(\.status) == (1...100).map { "\($0)" })
    }

    @Test func whatDoesNotComeIsAnErrorThatSaysWhatCame() async throws {
        notifier.send(try ServiceNotification().status("still starting"))
        let start = ContinuousClock.now
        let error = await #expect(throws: FakeServiceManagerError.self) {
            try await manager.next(within: .milliseconds(200)) { $0.isReady }
        }
        #expect(ContinuousClock.now - start >= .milliseconds(200))
        #expect(error?.description.contains("'STATUS=still starting'") == true)
    }

    @Test(.timeLimit(.minutes(1)))
    func aCancelledWaitEnds() async throws {
        let waiting = Task { [manager] in try await manager.next(within: .seconds(3600)) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }

    @Test func afterABarrierEverythingHasBeenRead() async throws {
        for number in 1...50 { notifier.send(try ServiceNotification().status("\(number)")) }
        #expect(notifier.barrier(within: .seconds(10)) == .sent)
        #expect(manager.notifications.count == 50)
        #expect(manager.warnings.isEmpty)
    }

    @Test func whatSystemdIgnoresIsAWarning() async throws {
        #expect(send(Array("STATUS=\(String(repeating: "x", count: 5000))".utf8), to: manager.notifySocket))
        #expect(send(Array("READY=1\0STATUS=x".utf8), to: manager.notifySocket))
        #expect(send(Array("READY=1\n\0".utf8), to: manager.notifySocket))
        let ready = try await manager.next()
        #expect(ready.description == "READY=1")
        #expect(manager.warnings.count == 2)
        #expect(manager.warnings.first?.contains("4096") == true)
        #expect(manager.warnings.last?.contains("NUL") == true)
    }

    @Test func nothingIsLeftAtTheEnd() async throws {
        var other: FakeServiceManager? = try FakeServiceManager()
        let folder = try #require(other?.folder)
        guard case .ipv4(_, let port) = try other?.listen() else {
            Issue.record("no IPv4 address")
            return
        }
        _ = try await Connection.open(to: port, in: nil)
        #expect(FileManager.default.fileExists(atPath: "\(folder)/notify"))
        other = nil
        #expect(!FileManager.default.fileExists(atPath: folder))
        await #expect(throws: ConnectionError.refused) { try await Connection.open(to: port, in: nil) }
    }
}
