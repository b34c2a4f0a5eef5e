/// A certificate or key that cannot be used.
public struct TLSFileError: Error, Sendable, CustomStringConvertible {
    /// The file.
    public let path: String
    /// Which file, what is wrong with it, and what to do.
    public let description: String

    init(path: String, _ problem: String) {
        self.path = path
        self.description = "TLS: \(path): \(problem)"
    }
}
