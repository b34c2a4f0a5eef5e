import Baton

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Descriptors that one generation wants the next one to have. Each generation is given all of them.
struct DescriptorStore: ~Copyable {
    /// As many as `LISTEN_FDS` can pass without asking for trouble.
    static let most = 512

    private var stored: [StoredDescriptor]
    /// Whether the service manager has been given the ``GenerationRecord``.
    var holdsRecord = false

    init(_ stored: [StoredDescriptor]) {
        self.stored = stored
    }

    deinit {
        for entry in stored { close(entry.descriptor) }
    }

    /// What an earlier process of this service has counted.
    mutating func takeRecord() -> GenerationRecord? {
        guard let index = stored.firstIndex(where: { $0.name == GenerationRecord.name }) else { return nil }
        holdsRecord = true
        return GenerationRecord(owning: stored.remove(at: index).descriptor)
    }

    /// As generations are given them.
    var entries: [PassedSockets.Entry] {
        stored.map { .init(descriptor: $0.descriptor, name: $0.name, serverStarterName: nil) }
    }

    /// Those that go when their peer hangs up.
    var watched: [CInt] { stored.filter(\.isWatched).map(\.descriptor) }

    /// Takes a descriptor over.
    ///
    /// - Returns: A duplicate for the service manager, which is the caller's; nil if there is no room.
    mutating func add(_ entry: StoredDescriptor) -> CInt? {
        guard stored.count < Self.most, case let duplicate = fcntl(entry.descriptor, F_DUPFD_CLOEXEC, 3), duplicate >= 0
        else {
            close(entry.descriptor)
            return nil
        }
        stored.append(entry)
        return duplicate
    }

    mutating func remove(_ name: String) {
        for entry in stored where entry.name == name { close(entry.descriptor) }
        stored.removeAll { $0.name == name }
    }

    /// Removes those among `descriptors` that are watched: their peer has hung up.
    mutating func dropHungUp(_ descriptors: Set<CInt>, removed: (String) -> Void) {
        for entry in stored where entry.isWatched && descriptors.contains(entry.descriptor) {
            close(entry.descriptor)
            stored.removeAll { $0.descriptor == entry.descriptor }
            if !stored.contains(where: { $0.name == entry.name }) { removed(entry.name) }
        }
    }

    /// Whether PID 1 takes it for a name.
    static func isName(_ name: String) -> Bool {
        (1...255).contains(name.utf8.count)
            && name.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: ":") }
    }
}
