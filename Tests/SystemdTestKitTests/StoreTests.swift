import Baton
import CSystemd
import Foundation
import Systemd
import SystemdTestKit
import Testing

/// What systemd does with a store of FileDescriptorStoreMax=3.
@Suite(.enabled(if: csystemd_is_built_in() != 0, "without libsystemd no descriptors come"))
struct StoreTests {
    private let manager: FakeServiceManager
    private let store: FDStore

    init() throws {
        manager = try FakeServiceManager(storeCapacity: 3)
        store = try manager.activation().store
    }

    /// A descriptor of a pipe with this text in it, which the caller closes.
    private func file(_ text: String) throws -> CInt {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        let descriptor = dup(pipe.fileHandleForReading.fileDescriptor)
        try #require(descriptor >= 0)
        return descriptor
    }

    /// Stores new files, and keeps no copy.
    private func put(_ texts: String..., as name: String) throws {
        let files = try texts.map(file)
        defer { for file in files { close(file) } }
        try store.put(files, as: StoredName(name), watched: false)
    }

    /// Waits until the manager has read everything.
    private func barrier() throws {
        let notifier = try manager.activation().notifier
        #expect(notifier.barrier(within: .seconds(10)) == .sent)
    }

    @Test func theNextGenerationGetsItBack() throws {
        try manager.listen()
        try put("first", as: "one")
        try put("second", as: "two")
        try barrier()
        #expect(manager.storedNames == ["two", "one"])
        for _ in 1...2 {
            let activation = try manager.activation()
            #expect(activation.sockets.descriptions.map(\.name) == ["http", "two", "one"])
            #expect(activation.store.namesInUse == ["http", "two", "one"])
        }
        var last = try manager.activation()
        let handle = FileHandle(fileDescriptor: try last.take("one", index: 0).release(), closeOnDealloc: true)
        #expect(handle.availableData == Data("first".utf8))
        try last.store.remove(StoredName("one"))
        try barrier()
        #expect(manager.storedNames == ["two"])
        manager.clearStore()
        #expect(manager.storedNames.isEmpty)
    }

    @Test func aFullStoreRefuses() throws {
        try put("1", "2", as: "two")
        let error = #expect(throws: FDStoreError.self) { try put("3", "4", as: "more") }
        #expect(error?.code == .refused)
        // The fourth file, and the descriptor by which FDStore looks whether there is room.
        #expect(manager.warnings.count { $0.contains("full with 3") } == 2, "\(manager.warnings)")
        try barrier()
        #expect(manager.storedNames == ["two", "two"])
    }

    @Test func anOpenFileIsStoredOnce() throws {
        let once = try file("once")
        let twice = dup(once)
        defer { for descriptor in [once, twice] { close(descriptor) } }
        try store.put([once], as: StoredName("one"), watched: false)
        try store.put([twice], as: StoredName("other"), watched: false)
        try barrier()
        #expect(manager.storedNames == ["one"])
    }

    @Test(.timeLimit(.minutes(1)))
    func whatHangsUpGoesIfItIsWatched() async throws {
        let (watched, unwatched) = (Pipe(), Pipe())
        try store.put([watched.fileHandleForReading.fileDescriptor], as: StoredName("watched"))
        try store.put([unwatched.fileHandleForReading.fileDescriptor], as: StoredName("unwatched"), watched: false)
        try barrier()
        #expect(manager.storedNames == ["unwatched", "watched"])
        try watched.fileHandleForWriting.close()
        try unwatched.fileHandleForWriting.close()
        while manager.storedNames.contains("watched") { try await Task.sleep(for: .milliseconds(1)) }
        #expect(manager.storedNames == ["unwatched"])
    }

    @Test func whatHasNoUsableNameIsCalledStored() async throws {
        #expect(send(Array("FDSTOREREMOVE=1".utf8), to: manager.notifySocket))
        try await manager.next { $0["FDSTOREREMOVE"] == "1" }
        #expect(manager.warnings.count == 1)
    }
}
