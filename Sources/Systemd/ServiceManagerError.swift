package import SystemPackage

/// Why the service manager did not do what it was asked to do.
package struct ServiceManagerError: Error, Sendable, CustomStringConvertible {
    /// What was asked, and what it answered.
    package let description: String
    /// The system's error.
    package let errno: Errno

    init(_ what: String, answer: String?, errno: Errno) {
        description = "\(what): \(answer ?? "\(errno)")"
        self.errno = errno
    }
}
