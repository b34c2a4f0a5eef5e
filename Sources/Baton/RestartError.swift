/// Why a restart failed: the successor did not get as far as serving, and this process goes on.
package struct RestartError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was wrong.
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
