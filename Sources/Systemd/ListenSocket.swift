/// One socket (or FIFO, queue, special file) that somebody else holds open for this process; it owns its descriptor.
///
/// The descriptor is close-on-exec. It is a duplicate: the holder keeps the listen socket itself, so closing this one
/// refuses nobody, and it must never be passed to `shutdown(2)` or `listen(2)`, which act on what all holders share.
///
/// The descriptor is closed when the value goes out of scope, unless ``release()`` has given it away. Sendable: it is
/// owned by one place at a time and not locked.
public struct ListenSocket: ~Copyable, Sendable {
    /// What is known of a socket without owning it: for messages and for choosing.
    public struct Description: Sendable, Hashable, CustomStringConvertible {
        /// The name it is asked for by: `FileDescriptorName=` of its socket unit.
        public let name: String
        /// Its position among the sockets of the same name, from 0.
        public let index: Int
        /// What it is.
        public let kind: SocketKind
        /// Whether `listen(2)` has been called on it.
        public let isListening: Bool
        /// Where it is bound, or nil if it is no socket.
        public let localAddress: SocketAddress?
        /// Who is at the other end of a connection: with `Accept=yes`, the client. Nil if there is nobody.
        public let peerAddress: SocketAddress?

        /// Whether this is one connection, which its socket unit has accepted (`Accept=yes`).
        public var isConnection: Bool {
            // Of one that its client has reset meanwhile only the name is left.
            kind == .stream && !isListening && (peerAddress != nil || name == ListenSockets.connectionName)
        }

        /// As in `http[0] stream 127.0.0.1:8080`.
        public var description: String {
            "\(name)[\(index)] \(kind.rawValue)\(localAddress.map { " \($0)" } ?? "")"
        }
    }

    /// What is known of the socket.
    public let description: Description
    private let descriptor: OwnedDescriptor

    /// Takes over `descriptor`, which this value closes from now on.
    package init(owning descriptor: CInt, description: Description) {
        self.descriptor = OwnedDescriptor(descriptor)
        self.description = description
    }

    /// Gives the descriptor away: the caller closes it.
    ///
    /// - Returns: The descriptor, close-on-exec.
    public consuming func release() -> CInt {
        descriptor.release()
    }
}
