import Baton
import CProcess

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

    /// What has become of a descriptor that was to be stored.
    enum Addition {
        /// It is stored; and a duplicate for the service manager, which is the caller's.
        case added(CInt)
        /// The open file is stored already, as PID 1 has it, too.
        case known
        case noRoom
    }

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
    /// - Returns: What has become of it.
    mutating func add(_ entry: StoredDescriptor) -> Addition {
        if stored.contains(where: { cprocess_same_file($0.descriptor, entry.descriptor) }) {
            close(entry.descriptor)
            return .known
        }
        guard stored.count < Self.most, case let duplicate = fcntl(entry.descriptor, F_DUPFD_CLOEXEC, 3), duplicate >= 0
        else {
            close(entry.descriptor)
            return .noRoom
        }
        stored.append(entry)
        return .added(duplicate)
    }

    mutating func remove(_ name: String) {
        for entry in stored where entry.name == name { close(entry.descriptor) }
        stored.removeAll { $0.name == name }
    }

    /// Removes those among `descriptors` that are watched: their peer has hung up.
    ///
    /// - Returns: The names of which nothing is left.
    mutating func dropHungUp(_ descriptors: Set<CInt>) -> [String] {
        var names: [String] = []
        for entry in stored where entry.isWatched && descriptors.contains(entry.descriptor) {
            close(entry.descriptor)
            stored.removeAll { $0.descriptor == entry.descriptor }
            if !stored.contains(where: { $0.name == entry.name }) { names.append(entry.name) }
        }
        return names
    }

    /// Whether PID 1 takes it for a name.
    static func isName(_ name: String) -> Bool {
        (1...255 - KeptName.longestPrefix).contains(name.utf8.count)
            && name.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: ":") }
    }
}
