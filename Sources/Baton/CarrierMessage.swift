/// What stands in a message of a carrier: how many connections are attached to it, and what has been received on each.
///
/// The letters `BTN1`, the number of connections (2 bytes), for each the number of its bytes (4 bytes), then all these bytes.
/// Numbers are little-endian. The 1 is the version: a generation that knows another one only closes what is attached.
enum CarrierMessage {
    /// The most bytes that connections may have received, all of a message together.
    static let mostBytes = 128 * 1024
    /// The most connections in a message: the kernel's limit of descriptors (unix(7)).
    static let mostConnections = 253
    /// The length of what comes first, by which a message is judged before it is taken.
    static let headerLength = 6
    /// The longest message.
    static let longest = headerLength + 4 * mostConnections + mostBytes

    private static let magic = [UInt8]("BTN1".utf8)

    /// - Parameter connections: 1 to ``mostConnections``, with ``mostBytes`` in all at most.
    static func encode(_ connections: some Collection<CarriedConnection>) -> [UInt8] {
        var message = magic
        message.append(littleEndian: UInt16(connections.count))
        for connection in connections { message.append(littleEndian: UInt32(connection.bytes.count)) }
        for connection in connections { message += connection.bytes }
        return message
    }

    /// How many connections are attached, if this is the beginning of a message.
    static func count(in header: [UInt8]) -> Int? {
        guard header.count >= headerLength, Array(header.prefix(magic.count)) == magic else { return nil }
        let count = Int(header.littleEndian(at: magic.count, as: UInt16.self))
        return (1...mostConnections).contains(count) ? count : nil
    }

    /// The bytes of each connection; nil if this is no message.
    static func decode(_ message: [UInt8]) -> [[UInt8]]? {
        guard let count = count(in: message) else { return nil }
        let begin = headerLength + 4 * count
        guard message.count >= begin else { return nil }
        var (parts, position): ([[UInt8]], Int) = ([], begin)
        for index in 0..<count {
            let length = Int(message.littleEndian(at: headerLength + 4 * index, as: UInt32.self))
            guard length <= message.count - position else { return nil }
            parts.append(Array(message[position..<position + length]))
            position += length
        }
        return position == message.count ? parts : nil
    }
}

extension [UInt8] {
    fileprivate mutating func append(littleEndian number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    fileprivate func littleEndian<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type) -> Number {
        (0..<MemoryLayout<Number>.size).reduce(0) { $0 | Number(self[offset + $1]) << (8 * Number($1)) }
    }
}
