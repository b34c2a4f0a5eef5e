/// Why the machine or something in it could not be used, and what to do.
public struct MachineError: Error, CustomStringConvertible, Sendable {
    /// The message for the person who runs the tests.
    public let description: String

    /// An error with this message.
    public init(_ description: String) {
        self.description = description
    }
}
