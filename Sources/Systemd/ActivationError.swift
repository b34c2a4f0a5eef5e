public import SystemPackage

/// Why what the service manager passed, or a listen socket, could not be had.
///
/// The description says what was wrong, where, its value, and what to do; it is written for the operator.
public struct ActivationError: Error, Sendable, CustomStringConvertible {
    /// What kind of thing was wrong.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String, Sendable {
            case badEnvironment
            case missing
            case ambiguous
            case wrongKind
            case cannotBind
        }

        private let value: Value

        /// An environment variable by which something is passed is malformed, or what it says is not so.
        public static let badEnvironment = Self(value: .badEnvironment)
        /// A socket that was asked for is not there.
        public static let missing = Self(value: .missing)
        /// Several sockets fit where one was asked for.
        public static let ambiguous = Self(value: .ambiguous)
        /// The socket that was asked for is of another kind.
        public static let wrongKind = Self(value: .wrongKind)
        /// A configured address cannot be listened on.
        public static let cannotBind = Self(value: .cannotBind)

        /// The code's name.
        public var description: String { value.rawValue }
    }

    /// What kind of thing was wrong.
    public let code: Code
    /// What was wrong, where, its value, and what to do.
    public let description: String
    /// The system call's error, where one failed.
    public let errno: Errno?

    package init(_ code: Code, _ description: String, errno: Errno? = nil) {
        self.code = code
        self.description = description
        self.errno = errno
    }
}
