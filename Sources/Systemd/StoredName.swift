/// The name of descriptors in the service manager's store (`FDNAME=`), which a later generation asks for them by.
public struct StoredName: Sendable, Hashable, CustomStringConvertible {
    /// The name.
    public let description: String

    /// - Parameter name: 1 to 255 printable ASCII characters; no colon, which separates names in `LISTEN_FDNAMES`, and no
    ///   backslash, which systemd takes away. Not `stored`, which it gives to descriptors without a name.
    /// - Throws: ``FDStoreError/Code/badName``.
    public init(_ name: String) throws(FDStoreError) {
        let isLegal = name.utf8.allSatisfy {
            (0x20...0x7E).contains($0) && $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "\\")
        }
        guard isLegal, (1...255).contains(name.utf8.count), name != "stored" else {
            throw FDStoreError(
                .badName,
                "\(name.debugDescription) cannot name stored descriptors: 1 to 255 printable ASCII characters without "
                    + "colon and backslash are needed, and it cannot be 'stored'"
            )
        }
        description = name
    }
}
