import Glibc
import SystemPackage
import Testing

@testable import Systemd

/// Against a store of descriptors in this process; what systemd does is in the machine's cases.
@Suite(.needsLibsystemd) struct FDStoreTests {
    /// Gives `body` a manager, its store, and a number of descriptors.
    private func with(
        _ behaviour: StoreManager.Behaviour = .init(),
        inherited: [String] = [],
        capacity: Int? = nil,
        timeLimit: Duration = .seconds(60),
        _ body: @escaping @Sendable (StoreManager, FDStore, [CInt]) throws -> Void
    ) async throws {
        let result = await blocking {
            Result {
                let manager = StoreManager(behaviour)
                let descriptors = (0..<4).map { _ in open("/dev/null", O_RDONLY | O_CLOEXEC) }
                defer {
                    manager.end()
                    for descriptor in descriptors { close(descriptor) }
                }
                let notifier = ServiceNotifier(connectedTo: manager.address)
                let store = FDStore(notifier: notifier, inherited: inherited, capacity: capacity, timeLimit: timeLimit)
                try body(manager, store, descriptors)
            }
        }
        try result.get()
    }

    private static func error(_ body: () throws(FDStoreError) -> Void) -> FDStoreError? {
        do {
            try body()
            return nil
        } catch {
            return error
        }
    }

    @Test func whatIsPutIsKeptByItsNameUntilItIsRemoved() async throws {
        try await with { manager, store, descriptors in
            try store.put(Array(descriptors[0...1]), as: StoredName("a"))
            try store.put([descriptors[2]], as: StoredName("b"), watched: false)
            #expect(store.namesInUse == ["a", "b"])
            let log = manager.log.filter { !$0.contains("baton-room") }
            #expect(log == ["FDSTORE=1 FDNAME=a", "BARRIER=1", "FDSTORE=1 FDNAME=b FDPOLL=0", "BARRIER=1"])
            try store.remove(StoredName("a"))
            #expect(store.namesInUse == ["b"])
            // After a barrier the manager has read everything.
            #expect(ServiceNotifier(connectedTo: manager.address).barrier(within: .seconds(60)) == .sent)
            #expect(manager.names == ["b"])
            for descriptor in descriptors { #expect(fcntl(descriptor, F_GETFD) >= 0) }
        }
    }

    @Test func whatTheManagerHasIsADuplicate() async throws {
        try await with { manager, store, descriptors in
            try store.put([descriptors[0]], as: StoredName("a"))
            let stored = try #require(manager.stored("a").first)
            #expect(stored != descriptors[0])
            lseek(descriptors[0], 0, SEEK_SET)
            _ = fcntl(stored, F_SETFL, O_NONBLOCK)
            // The same open file: its flags are shared.
            #expect(fcntl(descriptors[0], F_GETFL) & O_NONBLOCK != 0)
        }
    }

    @Test(arguments: [Duration.zero, .milliseconds(5)])
    func whatIsRefusedIsAnErrorThatNamesTheSettingAndNothingStays(closingDelay: Duration) async throws {
        try await with(.init(most: 0, closingDelay: closingDelay)) { manager, store, descriptors in
            let error = Self.error { () throws(FDStoreError) in
                try store.put([descriptors[0]], as: StoredName("a"))
            }
            #expect(error?.code == .refused)
            let expected = "did not keep 'a' (descriptors: 1): set FileDescriptorStoreMax="
            #expect(error?.description.contains(expected) == true)
            #expect(store.namesInUse == [])
            #expect(ServiceNotifier(connectedTo: manager.address).barrier(within: .seconds(60)) == .sent)
            #expect(manager.names == [])
            #expect(manager.log.contains("FDSTOREREMOVE=1 FDNAME=a"))
        }
    }

    @Test func ofWhatDoesNotFitAltogetherNothingStays() async throws {
        try await with(.init(most: 4), capacity: 4) { manager, store, descriptors in
            try store.put(Array(descriptors[0...1]), as: StoredName("a"))
            let error = Self.error { () throws(FDStoreError) in
                try store.put(Array(descriptors[0...2]), as: StoredName("b"))
            }
            #expect(error?.code == .refused)
            #expect(ServiceNotifier(connectedTo: manager.address).barrier(within: .seconds(60)) == .sent)
            #expect(manager.names == ["a", "a"])
            #expect(store.namesInUse == ["a"])
            // The name is free again, and so is the room.
            try store.put([descriptors[0]], as: StoredName("b"))
            #expect(ServiceNotifier(connectedTo: manager.address).barrier(within: .seconds(60)) == .sent)
            #expect(manager.names == ["a", "a", "b"])
        }
    }

    /// systemd from 254 on says how many it keeps: nothing is waited for where that is enough.
    @Test func thatThereIsRoomIsNotWaitedFor() async throws {
        try await with(capacity: 41) { _, store, descriptors in
            let start = ContinuousClock.now
            for number in 0..<40 { try store.put([descriptors[0]], as: StoredName("\(number)")) }
            let time = ContinuousClock.now - start
            // 40 times 250 ms if it were.
            #expect(time < .seconds(8))
            try store.put([descriptors[0]], as: StoredName("40"))
            #expect(.now - start >= .milliseconds(250))
        }
    }

    @Test func aNameIsUsedOnce() async throws {
        try await with(inherited: ["http", "http", "a"]) { manager, store, descriptors in
            for name in ["http", "a"] {
                let error = Self.error { () throws(FDStoreError) in
                    try store.put([descriptors[0]], as: StoredName(name))
                }
                #expect(error?.code == .nameTaken)
                #expect(error?.description == "'\(name)' is the name of other descriptors already; use one that is not")
            }
            #expect(manager.log == [])
            try store.remove(StoredName("a"))
            try store.put([descriptors[0]], as: StoredName("a"))
        }
    }

    @Test(arguments: [0, 253, 1000])
    func aMessageHasRoomForSoMany(count: Int) async throws {
        try await with(.init(most: 2000)) { manager, store, descriptors in
            let error = Self.error { () throws(FDStoreError) in
                try store.put([CInt](repeating: descriptors[0], count: count), as: StoredName("a"))
            }
            #expect(error?.code == .tooMany)
            let expected = "\(count) descriptors cannot be stored at once as 'a': it can be 1 to 252"
            #expect(error?.description.contains(expected) == true)
            #expect(store.namesInUse == [] && manager.log == [])
        }
    }

    @Test func theMostOfAMessageAreKept() async throws {
        try await with(.init(most: 253)) { manager, store, descriptors in
            try store.put([CInt](repeating: descriptors[0], count: 252), as: StoredName("a"))
            #expect(manager.stored("a").count == 252)
        }
    }

    @Test func aDescriptorThatIsNotOpenIsAnError() async throws {
        try await with { manager, store, _ in
            let error = Self.error { () throws(FDStoreError) in try store.put([-1], as: StoredName("a")) }
            #expect(error?.code == .notSent && error?.errno == .badFileDescriptor)
            #expect(store.namesInUse == [] && manager.names == [])
        }
    }

    @Test func withoutAManagerThereIsNoStore() {
        let store = FDStore(notifier: ServiceNotifier(connectedTo: nil), inherited: [])
        let errors = [
            Self.error { () throws(FDStoreError) in try store.put([0], as: StoredName("a")) },
            Self.error { () throws(FDStoreError) in try store.put([0], as: StoredName("a")) },
            Self.error { () throws(FDStoreError) in try store.remove(StoredName("a")) },
        ]
        for error in errors {
            #expect(error?.code == .noServiceManager)
            #expect(error?.description.contains("NOTIFY_SOCKET is not set") == true)
        }
        #expect(store.namesInUse == [])
    }

    @Test func aManagerThatDoesNotReadIsAnErrorInTime() async throws {
        try await with(.init(reads: false), timeLimit: .milliseconds(300)) { _, store, descriptors in
            let start = ContinuousClock.now
            let error = Self.error { () throws(FDStoreError) in
                try store.put([descriptors[0]], as: StoredName("a"))
            }
            #expect(error?.code == .notSent && error?.errno == .timedOut)
            let time = ContinuousClock.now - start
            #expect(time > .milliseconds(298) && time < .seconds(5))
            // That it was taken back could not be told either.
            #expect(store.namesInUse == ["a"])
        }
    }

    @Test func threadsDoNotGetIntoEachOthersWay() async throws {
        try await with(.init(most: 1000)) { manager, store, descriptors in
            Threads.run(8) { thread in
                for number in 0..<5 {
                    do {
                        try store.put([descriptors[0]], as: StoredName("\(thread)-\(number)"))
                    } catch {
                        Issue.record("\(error)")
                    }
                }
            }
            #expect(ServiceNotifier(connectedTo: manager.address).barrier(within: .seconds(60)) == .sent)
            #expect(manager.names.count == 40 && Set(manager.names) == store.namesInUse)
        }
    }

    @Test func theSizeIsTakenOutOfTheEnvironmentAndNothingStaysOpen() async {
        await #expect(processExitsWith: .success) {
            setenv("FDSTORE", "3", 1)
            let manager = StoreManager(.init(most: 3))
            let store = FDStore.take(notifier: ServiceNotifier(connectedTo: manager.address), inherited: ["a"])
            demand(getenv("FDSTORE") == nil, "the variable is still there")
            let descriptor = open("/dev/null", O_RDONLY)
            let before = openDescriptors()
            for _ in 0..<40 {
                do {
                    try store.put([descriptor], as: StoredName("b"))
                    try store.remove(StoredName("b"))
                } catch {
                    demand(false, "\(error)")
                }
            }
            demandEqual(ServiceNotifier(connectedTo: manager.address).barrier(within: .seconds(60)), .sent)
            demandNothingLeftOpen(since: before, rounds: 40)
        }
    }
}
