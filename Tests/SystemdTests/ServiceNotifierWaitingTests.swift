import Foundation
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Systemd

/// The limits go by whole milliseconds.
private let slack = Duration.milliseconds(2)

/// No call waits longer than its limit, whatever the service manager does.
@Suite(.needsLibsystemd) struct ServiceNotifierWaitingTests {
    private let manager = ManagerSocket()
    private var notifier: ServiceNotifier { ServiceNotifier(connectedTo: manager.address) }

    @Test(arguments: [Duration.zero, .milliseconds(200), .seconds(-1)])
    func aManagerThatDoesNotReadIsAFailureInTime(limit: Duration) async {
        manager.fill()
        let (outcome, time) = await timed { [notifier] in
            var notifier = notifier
            notifier.timeLimit = limit
            return notifier.send(.ready)
        }
        #expect(outcome == .failed(.timedOut))
        #expect(time > limit - slack && time < max(limit, .zero) + .seconds(5))
    }

    @Test func roomThatIsMadeWhileItWaitsIsUsed() async {
        manager.fill()
        async let sending = timed { [notifier] in
            var notifier = notifier
            notifier.timeLimit = .seconds(60)
            return notifier.send(.ready)
        }
        // That it waits cannot be seen from outside: its time tells afterwards.
        try? await Task.sleep(for: .milliseconds(100))
        let texts = await blocking { [manager] in
            var texts: [String] = []
            while texts.last != "READY=1", let message = manager.receive() { texts.append(message.text) }
            return texts
        }
        let (outcome, time) = await sending
        #expect(outcome == .sent)
        #expect(time < .seconds(30))
        #expect(texts.count > 1 && texts.dropLast().allSatisfy { $0 == "full" } && texts.last == "READY=1")
    }

    @Test func aBarrierEndsWhenTheManagerHasReadIt() async throws {
        async let waiting = timed { [notifier] in notifier.barrier(within: .seconds(60)) }
        let received = await blocking { [manager] in manager.receive() }
        let message = try #require(received)
        #expect(message.text == "BARRIER=1")
        #expect(message.descriptors.count == 1)
        for descriptor in message.descriptors { close(descriptor) }
        let (outcome, time) = await waiting
        #expect(outcome == .sent)
        #expect(time < .seconds(30))
    }

    @Test(arguments: [true, false])
    func aBarrierThatIsNotReachedIsAFailureInTime(isRead: Bool) async {
        if !isRead { manager.fill() }
        let (outcome, time) = await timed { [notifier] in notifier.barrier(within: .milliseconds(200)) }
        #expect(outcome == .failed(.timedOut))
        #expect(time > .milliseconds(200) - slack && time < .seconds(5))
        // The message, if there is one, holds the pipe open until here.
        #expect(manager.receive(milliseconds: 0) != nil)
    }

    @Test(arguments: [Duration.seconds(Int64.max), .seconds(-1), .zero, .seconds(Int64.min)])
    func anyLimitIsOne(limit: Duration) async {
        var notifier = notifier
        notifier.timeLimit = limit
        #expect(notifier.send(.ready) == .sent)
        if limit <= .zero { #expect(notifier.barrier(within: limit) == .failed(.timedOut)) }
        let nobody = ServiceNotifier(connectedTo: "@baton-nobody")
        #expect(nobody.barrier(within: limit) == .failed(.connectionRefused))
    }

    @Test func aManagerThatGoesAwayWhileItIsWaitedForIsAFailure() async {
        let (outcome, time) = await timed {
            let manager = Mutex<ManagerSocket?>(ManagerSocket())
            let address = manager.withLock { $0?.address }
            manager.withLock { $0?.fill() }
            var notifier = ServiceNotifier(connectedTo: address)
            notifier.timeLimit = .seconds(60)
            let ending = Ending(manager)
            Thread.detachNewThread {
                usleep(50_000)
                ending.end()
            }
            return notifier.send(.ready)
        }
        #expect(outcome == .failed(.connectionRefused) || outcome == .failed(.connectionReset))
        #expect(time < .seconds(30))
    }

    private final class Ending: Sendable {
        private let manager: Mutex<ManagerSocket?>

        init(_ manager: consuming Mutex<ManagerSocket?>) { self.manager = manager }
        func end() { manager.withLock { $0 = nil } }
    }

    @Test func signalsNeitherEndNorProlongAWait() async {
        await #expect(processExitsWith: .success) {
            // Without SA_RESTART: calls that wait return EINTR.
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in }
            sigaction(SIGUSR1, &action, nil)
            // Tasks run on threads that signals do not reach.
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, SIGUSR1)
            pthread_sigmask(SIG_UNBLOCK, &signals, nil)
            let waiter = pthread_self()
            let isOver = Shared()
            Thread.detachNewThread {
                while !isOver.value {
                    pthread_kill(waiter, SIGUSR1)
                    usleep(1000)
                }
            }
            let manager = ManagerSocket()
            var notifier = ServiceNotifier(connectedTo: manager.address)
            notifier.timeLimit = .milliseconds(300)
            let start = ContinuousClock.now
            demandEqual(notifier.barrier(within: .milliseconds(300)), .failed(.timedOut))
            demand(.now - start > .milliseconds(300) - slack, "the barrier ended before its time")
            manager.fill()
            let next = ContinuousClock.now
            demandEqual(notifier.send(.ready), .failed(.timedOut))
            demand(.now - next > .milliseconds(300) - slack, "sending ended before its time")
            isOver.value = true
            demand(.now - start < .seconds(10), "it took too long")
        }
    }

    private final class Shared: Sendable {
        private let flag = Mutex(false)
        var value: Bool {
            get { flag.withLock { $0 } }
            set { flag.withLock { $0 = newValue } }
        }
    }

    @Test func whatABarrierOpensDoesNotReachChildren() async {
        await #expect(processExitsWith: .success) {
            let manager = ManagerSocket()
            let count = "exit $(ls -l /proc/self/fd | grep -c pipe:)"
            let before = system(count)
            Thread.detachNewThread { _ = ServiceNotifier(connectedTo: manager.address).barrier(within: .seconds(60)) }
            demandEqual(manager.receive()?.descriptors.count, 1)
            demandEqual(system(count), before)
        }
    }

    @Test func fromManyThreadsEverythingArrivesInTheOrderOfEachAndNothingIsLeftOpen() async {
        await #expect(processExitsWith: .success) {
            let (threads, messages) = (16, 200)
            let manager = ManagerSocket()
            let before = openDescriptors()
            for thread in 0..<threads {
                Thread.detachNewThread {
                    var notifier = ServiceNotifier(connectedTo: manager.address)
                    notifier.timeLimit = .seconds(60)
                    for number in 0..<messages {
                        let text = "\(thread) \(number)"
                        demandEqual(notifier.send(.ready.status(flattening: text)), .sent)
                    }
                }
            }
            var next = [Int](repeating: 0, count: threads)
            for _ in 0..<(threads * messages) {
                let words = manager.text().dropFirst("READY=1\nSTATUS=".count).split(separator: " ").compactMap {
                    Int($0)
                }
                demand(words.count == 2, "not a message")
                demandEqual(words[1], next[words[0]])
                next[words[0]] += 1
            }
            demand(manager.receive(milliseconds: 0) == nil, "more than was sent")
            demandNothingLeftOpen(since: before, rounds: threads * messages)
        }
    }

    @Test func nothingIsLeftOpenWhateverComesOfIt() async {
        await #expect(processExitsWith: .success) {
            let manager = ManagerSocket()
            var notifier = ServiceNotifier(connectedTo: manager.address)
            notifier.timeLimit = .zero
            let before = openDescriptors()
            for _ in 0..<50 {
                _ = notifier.send(.ready)
                _ = notifier.send(.ready, onBehalfOf: CInt.max)
                _ = notifier.barrier(within: .zero)
                _ = ServiceNotifier(connectedTo: "/no/such/socket").send(.ready)
                _ = ServiceNotifier(connectedTo: "@baton-nobody").barrier(within: .seconds(1))
            }
            demandNothingLeftOpen(since: before, rounds: 50)
        }
    }
}
