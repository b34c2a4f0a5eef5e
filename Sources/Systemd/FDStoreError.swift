public import SystemPackage

/// Why descriptors are not in the service manager's store.
public struct FDStoreError: Error, Sendable, CustomStringConvertible {
    /// What kind of thing was wrong.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String {
            case badName
            case nameTaken
            case tooMany
            case noServiceManager
            case refused
            case notSent
        }

        private let value: Value

        /// The name is not one that the store can keep.
        public static let badName = Self(value: .badName)
        /// Descriptors of that name are there already: removal is by name, so each name is used once.
        public static let nameTaken = Self(value: .nameTaken)
        /// More descriptors than a message can carry.
        public static let tooMany = Self(value: .tooMany)
        /// There is no service manager.
        public static let noServiceManager = Self(value: .noServiceManager)
        /// The manager did not keep them: the unit has no `FileDescriptorStoreMax=`, or the store is full.
        public static let refused = Self(value: .refused)
        /// The manager could not be told, or did not answer in time.
        public static let notSent = Self(value: .notSent)

        /// The code's name.
        public var description: String { value.rawValue }
    }

    /// What kind of thing was wrong.
    public let code: Code
    /// What was wrong, and what to do.
    public let description: String
    /// The system call's error, where one failed.
    public let errno: Errno?

    init(_ code: Code, _ description: String, errno: Errno? = nil) {
        self.code = code
        self.description = description
        self.errno = errno
    }
}
