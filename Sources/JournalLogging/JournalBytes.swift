/// A metadata value that is not text: its bytes go into the journal as they are, NUL and invalid UTF-8 included.
///
/// ```swift
/// logger.debug("odd packet", metadata: ["packet": .stringConvertible(JournalBytes(bytes))])
/// ```
///
/// `journalctl -o json` shows such a field as an array of numbers. Where lines are written as text, what is not UTF-8
/// becomes U+FFFD.
public struct JournalBytes: Sendable, Hashable, CustomStringConvertible {
    /// The bytes.
    public let bytes: [UInt8]

    /// A value of these bytes.
    public init(_ bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
    }

    /// The bytes as text, repaired where they are not UTF-8.
    public var description: String { String(decoding: bytes, as: UTF8.self) }
}
