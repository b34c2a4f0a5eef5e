/// A connection on its way from one generation to the next.
package struct CarriedConnection: Sendable, Hashable {
    /// The connection. Whose it is, is said where it is passed.
    package var descriptor: CInt
    /// What has been received of a request that is not complete: the next generation reads it before anything else.
    package var bytes: [UInt8]

    package init(descriptor: CInt, bytes: [UInt8] = []) {
        self.descriptor = descriptor
        self.bytes = bytes
    }
}
