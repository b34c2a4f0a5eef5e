/// The bytes of one line, written one piece after the other into memory of its own.
struct LineBuffer: ~Copyable {
    private var start: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0

    /// Memory for a usual line, so that it need not grow.
    init(capacity: Int = 1000) {
        self.capacity = capacity
        start = .allocate(byteCount: capacity, alignment: MemoryLayout<UInt>.alignment)
    }

    deinit { start.deallocate() }

    /// What has been written; valid until the next change.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    /// Ends the writing; the memory belongs to the line from now on.
    consuming func finish() -> QueuedLine {
        let line = QueuedLine(start: start, count: count, capacity: capacity)
        discard self
        return line
    }

    /// Makes room for so many bytes and returns where they start; they count once ``advance(by:)`` says so.
    mutating func reserve(_ size: Int) -> UnsafeMutableRawPointer {
        if capacity - count < size { grow(by: size) }
        return start + count
    }

    mutating func advance(by size: Int) {
        count += size
    }

    /// Takes back everything from this place on.
    mutating func rewind(to place: Int) {
        count = place
    }

    mutating func append(_ byte: UInt8) {
        reserve(1).storeBytes(of: byte, as: UInt8.self)
        count += 1
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ text: String) {
        if text.utf8.withContiguousStorageIfAvailable({ append(UnsafeRawBufferPointer($0)) }) == nil {
            for byte in text.utf8 { append(byte) }
        }
    }

    mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// Appends a number in decimal digits.
    mutating func append(decimal number: UInt) {
        // Twenty digits are enough for 64 bits; they come out last digit first.
        let room = reserve(20)
        var (rest, first) = (number, 20)
        repeat {
            first -= 1
            room.storeBytes(of: UInt8(ascii: "0") + UInt8(rest % 10), toByteOffset: first, as: UInt8.self)
            rest /= 10
        } while rest > 0
        room.copyMemory(from: room + first, byteCount: 20 - first)
        count += 20 - first
    }

    /// Overwrites four bytes that have been written.
    mutating func store(_ number: UInt32, at place: Int) {
        start.storeBytes(of: number, toByteOffset: place, as: UInt32.self)
    }

    private mutating func grow(by size: Int) {
        let larger = max(capacity * 2, count + size)
        let new = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: MemoryLayout<UInt>.alignment)
        new.copyMemory(from: start, byteCount: count)
        start.deallocate()
        (start, capacity) = (new, larger)
    }
}

/// The finished bytes of a line on their way from the thread that logs to the thread that sends.
///
/// Whoever has it last calls ``free()``, once. Sendable because only one thread at a time has it, and nobody writes.
struct QueuedLine: @unchecked Sendable {
    fileprivate let start: UnsafeMutableRawPointer
    private let count: Int
    /// How much memory it occupies.
    let capacity: Int
    /// How many lines were lost just before this one.
    var lostBefore = 0

    fileprivate init(start: UnsafeMutableRawPointer, count: Int, capacity: Int) {
        (self.start, self.count, self.capacity) = (start, count, capacity)
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    func free() {
        start.deallocate()
    }
}
