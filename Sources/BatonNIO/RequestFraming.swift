import Baton
import NIOCore

/// Where one HTTP/1.1 request ends and the next begins in the bytes that a client sends, which the decoder does not tell.
///
/// It reads no more of a request than its length takes: the `Content-Length` and `Transfer-Encoding` of its head, and the sizes of its
/// chunks (RFC 9112). What it has counted is to be compared with what the decoder has made of the same bytes.
struct RequestFraming {
    /// What it has seen.
    struct Counts: Hashable {
        /// Heads that are complete.
        var heads = 0
        /// Requests that are complete.
        var ends = 0
        /// Bytes of bodies.
        var bodyBytes = 0
    }

    private enum Place: Hashable {
        case head
        case body(left: Int)
        case chunkSize
        case chunk(left: Int)
        case chunkEnd
        case trailers
        /// What comes cannot be told apart any more.
        case lost
    }

    /// The longest line, or part of a head, that is kept: no more could be handed over, and a client decides how long they are.
    static let mostBytes = Carrier.mostBytes

    private var place = Place.head
    /// The bytes of a line, or head, that is not complete.
    private(set) var rest: [UInt8] = []

    /// What has been received since the end of the last request, if that is no more than a part of a head; nil in a body.
    var unfinishedHead: [UInt8]? { place == .head ? rest : nil }

    /// How many bytes that are; none in a body.
    var unfinishedCount: Int { place == .head ? rest.count : 0 }

    /// What comes cannot be told apart any more.
    var isLost: Bool { place == .lost }

    /// Nothing has been received since the end of the last request.
    var isAtBoundary: Bool { place == .head && rest.isEmpty }

    /// Adds what is known to be a part of a head and not its end.
    mutating func addToHead(_ bytes: ByteBufferView) {
        rest += rest.isEmpty ? bytes.drop(while: Self.isLineEnd) : bytes[...]
        giveUpIfTooLong()
    }

    private mutating func giveUpIfTooLong() {
        guard rest.count > Self.mostBytes else { return }
        (place, rest) = (.lost, [])
    }

    /// Counts what is in the bytes that were received next.
    mutating func scan(_ bytes: ByteBufferView) -> Counts {
        // An upload, which needs no copy.
        if case .body(let left) = place, rest.isEmpty, bytes.count < left {
            place = .body(left: left - bytes.count)
            return Counts(bodyBytes: bytes.count)
        }
        var (counts, input) = (Counts(), rest + bytes)
        rest = []
        var position = 0
        while position < input.count, let next = step(input, position, &counts) { position = next }
        if position > 0 { input.removeFirst(min(position, input.count)) }
        rest = place == .lost ? [] : input
        giveUpIfTooLong()
        return counts
    }

    /// Goes on from `position`; nil if a line is not complete.
    private mutating func step(_ input: [UInt8], _ position: Int, _ counts: inout Counts) -> Int? {
        switch place {
        case .head:
            // Empty lines before a head belong to nothing (RFC 9112, 2.2).
            if Self.isLineEnd(input[position]) { return position + 1 }
            guard let end = Self.endOfSection(input, from: position) else { return nil }
            counts.heads += 1
            place = Self.place(after: input[position..<end])
            if place == .head { counts.ends += 1 }
            return end
        case .body(let left), .chunk(let left):
            let count = min(left, input.count - position)
            counts.bodyBytes += count
            advance(by: count, of: left, &counts)
            return position + count
        case .chunkSize:
            guard let end = Self.endOfLine(input, from: position) else { return nil }
            let digits = input[position..<end].prefix { !Self.endsSize($0) }
            guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0 else {
                place = .lost
                return input.count
            }
            place = size == 0 ? .trailers : .chunk(left: size)
            return end
        case .chunkEnd:
            guard let end = Self.endOfLine(input, from: position) else { return nil }
            place = .chunkSize
            return end
        case .trailers:
            guard let end = Self.endOfLine(input, from: position) else { return nil }
            if input[position..<end].allSatisfy(Self.isLineEnd) {
                counts.ends += 1
                place = .head
            }
            return end
        case .lost:
            return input.count
        }
    }

    private mutating func advance(by count: Int, of left: Int, _ counts: inout Counts) {
        switch (place, left - count) {
        case (.body, 0):
            counts.ends += 1
            place = .head
        case (.body, let left): place = .body(left: left)
        case (_, 0): place = .chunkEnd
        case (_, let left): place = .chunk(left: left)
        }
    }

    /// What follows a head.
    private static func place(after head: ArraySlice<UInt8>) -> Place {
        var length: Int?
        for line in head.split(separator: UInt8(ascii: "\n")).dropFirst() {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            if name == "transfer-encoding" { return .chunkSize }
            guard name == "content-length" else { continue }
            let value = line[line.index(after: colon)...].filter { !isSpace($0) }
            guard let number = Int(String(decoding: value, as: UTF8.self)), number >= 0 else { return .lost }
            length = number
        }
        guard let length, length > 0 else { return .head }
        return .body(left: length)
    }

    /// Where the lines that end with an empty one end; they begin with one that is not empty.
    private static func endOfSection(_ input: [UInt8], from start: Int) -> Int? {
        var position = start
        while let end = endOfLine(input, from: position) {
            if input[position..<end].allSatisfy(isLineEnd) { return end }
            position = end
        }
        return nil
    }

    private static func endOfLine(_ input: [UInt8], from start: Int) -> Int? {
        input[start...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
    }

    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0D || byte == 0x0A }
    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
    private static func endsSize(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ";") || isSpace(byte) || byte == 0x0A }
}
