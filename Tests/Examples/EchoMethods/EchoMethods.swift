#if GRPC
public import GRPCCore

/// What a generator makes of a service's description: its methods, and how messages become bytes.
public enum Echo {
    /// One message for one.
    public static let get = method("Get", .unary)
    /// A message for each word of one.
    public static let expand = method("Expand", .serverStreaming)
    /// A message for each message, as it comes.
    public static let update = method("Update", .bidirectionalStreaming)
    /// Messages without end.
    public static let watch = method("Watch", .serverStreaming)

    private static func method(_ name: String, _ type: MethodDescriptor.RPCType) -> MethodDescriptor {
        MethodDescriptor(fullyQualifiedService: "echo.Echo", method: name, type: type)
    }
}

/// Messages that are text.
public struct TextCoder: MessageSerializer, MessageDeserializer {
    /// A coder has no state.
    public init() {}

    /// The bytes of a text, as UTF-8.
    public func serialize<Bytes: GRPCContiguousBytes>(_ message: String) throws -> Bytes { Bytes(message.utf8) }

    /// The text of bytes that are UTF-8.
    public func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> String {
        bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
}
#endif
