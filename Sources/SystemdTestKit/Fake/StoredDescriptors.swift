internal import CProcess

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The descriptor store as PID 1 keeps it; it owns what is in it. Not thread-safe.
struct StoredDescriptors: ~Copyable {
    struct Entry {
        let name: String
        let descriptor: CInt
        /// Whether it goes when its peer hangs up.
        let isWatched: Bool
    }

    let capacity: Int
    /// The last one that was stored first, in which order they are passed on.
    private(set) var entries: [Entry] = []

    init(capacity: Int) {
        self.capacity = capacity
    }

    deinit {
        for entry in entries { close(entry.descriptor) }
    }

    /// Takes over a descriptor: keeps it or closes it.
    ///
    /// - Returns: Whether it is in the store now; an open file that was there before, by whatever name, is.
    mutating func add(_ entry: Entry) -> Bool {
        let isFull = entries.count >= capacity
        if isFull || entries.contains(where: { cprocess_same_file($0.descriptor, entry.descriptor) }) {
            close(entry.descriptor)
            return !isFull
        }
        entries.insert(entry, at: 0)
        return true
    }

    mutating func remove(where isUnwanted: (Entry) -> Bool) {
        for entry in entries where isUnwanted(entry) { close(entry.descriptor) }
        entries.removeAll(where: isUnwanted)
    }

    /// Whether PID 1 takes it for a name; else it says `stored`.
    static func isName(_ name: String) -> Bool {
        name.utf8.count <= 255 && name.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: ":") }
    }
}
