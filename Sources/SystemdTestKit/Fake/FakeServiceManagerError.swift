/// Why the fake service manager could not do what it was asked to, or what did not come in time.
public struct FakeServiceManagerError: Error, Sendable, CustomStringConvertible {
    /// The message for the person who runs the tests.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
