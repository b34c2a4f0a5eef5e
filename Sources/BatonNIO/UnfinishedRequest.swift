import NIOCore

/// What a client has sent of a request whose head is not complete, so that another process can read it as if it came from the client.
///
/// Nearly always a read ends where a request does; that is found out without looking at more than its last bytes.
struct UnfinishedRequest {
    /// What the decoder has made of one read.
    typealias Decoded = RequestFraming.Counts

    private var framing = RequestFraming()
    private var isLost = false

    /// The bytes; nil in a body, and where it cannot be told.
    var bytes: [UInt8]? { isLost ? nil : framing.unfinishedHead }

    /// How many they are.
    var byteCount: Int? { isLost ? nil : framing.unfinishedCount }

    /// How many bytes are kept, of a head or of anything else.
    var keptBytes: Int { framing.rest.count }

    /// The decoder has seen `bytes`, and made `decoded` of them.
    mutating func received(_ bytes: ByteBuffer, decoded: Decoded) {
        guard !isLost else { return }
        if framing.isAtBoundary, decoded.heads > 0, decoded.heads == decoded.ends, decoded.bodyBytes == 0,
            Self.endsWithEmptyLine(bytes)
        {
            return
        }
        if decoded == Decoded(), framing.unfinishedHead != nil {
            framing.addToHead(bytes.readableBytesView)
            isLost = framing.isLost
            return
        }
        // The decoder is right: where the two differ, nothing is known any more.
        isLost = framing.scan(bytes.readableBytesView) != decoded || framing.isLost
    }

    /// A request without a body ends so, and so does one with chunks; a part of a head never does.
    private static func endsWithEmptyLine(_ bytes: ByteBuffer) -> Bool {
        func byte(_ index: Int) -> UInt8? {
            index >= bytes.readerIndex ? bytes.getInteger(at: index, as: UInt8.self) : nil
        }
        let last = bytes.writerIndex - 1
        guard byte(last) == 0x0A else { return false }
        return byte(byte(last - 1) == 0x0D ? last - 2 : last - 1) == 0x0A
    }
}
