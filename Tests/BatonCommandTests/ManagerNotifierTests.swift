import Synchronization
import Systemd
import SystemPackage
import Testing

@testable import BatonCommand

/// What the service manager is told late, as it did not read for a while.
@Suite struct ManagerNotifierTests {
    private final class Manager: Sendable {
        let told = Mutex<[String]>([])
        let reads = Mutex(false)

        var notifier: ServiceNotifier {
            ServiceNotifier { [self] text in
                guard reads.withLock({ $0 }) else { return .failed(.timedOut) }
                told.withLock { $0.append(text) }
                return .sent
            }
        }
    }

    @Test func whatIsToldOverAndOverMakesRoomForWhatIsToldOnce() {
        let manager = Manager()
        var notifier = ManagerNotifier(manager.notifier) { _ in }
        notifier.send("RELOADING=1\nSTATUS=starting")
        notifier.send("READY=1\nSTATUS=serving")
        for number in 1...100 {
            notifier.send("STATUS=\(number)")
            notifier.send("WATCHDOG=1")
        }
        notifier.send("WATCHDOG=trigger")
        #expect(notifier.isWaiting)
        manager.reads.withLock { $0 = true }
        notifier.flush()
        let told = manager.told.withLock { $0 }
        #expect(told.count == 64)
        #expect(told.prefix(2) == ["RELOADING=1\nSTATUS=starting", "READY=1\nSTATUS=serving"])
        #expect(told.suffix(3) == ["STATUS=100", "WATCHDOG=1", "WATCHDOG=trigger"])
    }

    private final class Closed {
        var descriptors: [CInt] = []
    }

    @Test func ofWhatIsToldOnceTheOldestIsDroppedAndItsDescriptorsAreClosed() {
        let (manager, closed) = (Manager(), Closed())
        var notifier = ManagerNotifier(manager.notifier) { closed.descriptors.append($0) }
        for number in 1...66 { notifier.send("FDSTORE=1\nFDNAME=\(number)", descriptors: [CInt(number)]) }
        #expect(closed.descriptors == [1, 2])
    }
}
