#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Sockets that this process owns and has not put to use yet, each to be taken at most once, by name and index.
///
/// What is still in it when it goes out of scope is closed. Not thread-safe; it is owned by one place at a time.
public struct ListenSockets: ~Copyable, Sendable {
    private struct Entry: Sendable {
        var descriptor: CInt
        var description: ListenSocket.Description
    }

    private var entries: [Entry]

    /// No sockets.
    public init() {
        entries = []
    }

    deinit {
        for entry in entries { _ = close(entry.descriptor) }
    }

    /// What is there, in the order in which it was passed.
    public var descriptions: [ListenSocket.Description] { entries.map(\.description) }

    /// Whether nothing is left.
    public var isEmpty: Bool { entries.isEmpty }

    /// The descriptors and their names, in the order of ``descriptions``. They stay this value's, and are open as long as it is there.
    package var lent: [(descriptor: CInt, name: String)] {
        entries.map { ($0.descriptor, $0.description.name) }
    }

    /// Takes over `descriptor` under `name`, with the next free index of that name.
    package mutating func append(owning descriptor: CInt, name: String) {
        let description = ListenSocket.Description(
            name: name,
            index: entries.count { $0.description.name == name },
            kind: SocketKind(descriptor: descriptor),
            isListening: SocketKind.isListening(descriptor),
            localAddress: SocketAddress(localOf: descriptor),
            peerAddress: SocketAddress(peerOf: descriptor)
        )
        entries.append(Entry(descriptor: descriptor, description: description))
    }

    /// Takes one socket out, whatever is left of the others.
    ///
    /// - Parameters:
    ///   - name: `FileDescriptorName=` of the socket unit.
    ///   - index: The position among the sockets of that name, from 0, as their units list them.
    /// - Returns: The socket, which is the caller's now.
    /// - Throws: ``ActivationError/Code/missing``, listing what there is.
    public mutating func take(_ name: String, index: Int) throws(ActivationError) -> ListenSocket {
        guard let position = entries.firstIndex(where: { $0.description.name == name && $0.description.index == index })
        else { throw missing("\(name)[\(index)]") }
        return removeEntry(at: position)
    }

    /// Takes the only socket of that name out.
    ///
    /// - Parameter name: `FileDescriptorName=` of the socket unit.
    /// - Returns: The socket, which is the caller's now.
    /// - Throws: ``ActivationError/Code/missing``, or ``ActivationError/Code/ambiguous`` if there are several; both
    ///   list what there is, and nothing is taken.
    public mutating func takeOnly(_ name: String) throws(ActivationError) -> ListenSocket {
        let matching = entries.indices.filter { entries[$0].description.name == name }
        guard let position = matching.first else { throw missing(name) }
        guard matching.count == 1 else {
            throw ActivationError(
                .ambiguous,
                "one listen socket named '\(name)' was asked for and there are \(matching.count): "
                    + "\(Self.list(matching.map { entries[$0].description })); "
                    + "ask by index, or give each socket unit a FileDescriptorName= of its own"
            )
        }
        return removeEntry(at: position)
    }

    /// Takes the sockets of that name out, keeping their order.
    ///
    /// - Parameter name: `FileDescriptorName=` of the socket unit.
    /// - Returns: At least one socket; they are the caller's now.
    /// - Throws: ``ActivationError/Code/missing``, listing what there is.
    public mutating func takeAll(_ name: String) throws(ActivationError) -> ListenSockets {
        let taken = takeAll { $0.name == name }
        guard !taken.isEmpty else { throw missing(name) }
        return taken
    }

    /// Takes out the sockets that `fit` says yes to, keeping their order; perhaps none.
    package mutating func takeAll(where fit: (ListenSocket.Description) -> Bool) -> ListenSockets {
        var taken = ListenSockets()
        taken.entries = entries.filter { fit($0.description) }
        entries.removeAll { fit($0.description) }
        return taken
    }

    /// Takes the first socket out, or nil when none is left.
    public mutating func popFirst() -> ListenSocket? {
        entries.isEmpty ? nil : removeEntry(at: 0)
    }

    /// Checks that every socket is a stream socket that listens, or one connection that its socket unit has accepted: what a
    /// server of connections needs.
    ///
    /// - Throws: ``ActivationError/Code/wrongKind``, saying which one is what; ``ActivationError/Code/missing`` if there is none.
    public func requireStreamListeners() throws(ActivationError) {
        guard !isEmpty else { throw ActivationError(.missing, "there is no socket to serve") }
        for description in descriptions
        where !description.isConnection && (description.kind != .stream || !description.isListening) {
            let found =
                description.kind == .stream ? "a stream socket that does not listen" : "a \(description.kind.rawValue)"
            throw ActivationError(
                .wrongKind,
                "socket \(description.name)[\(description.index)] is \(found)"
                    + "\(description.localAddress.map { " at \($0)" } ?? ""), and a listening stream socket or a connection "
                    + "is needed; use ListenStream= in its socket unit"
            )
        }
    }

    private mutating func removeEntry(at position: Int) -> ListenSocket {
        let entry = entries.remove(at: position)
        return ListenSocket(owning: entry.descriptor, description: entry.description)
    }

    private func missing(_ wanted: String) -> ActivationError {
        ActivationError(
            .missing,
            "no listen socket named '\(wanted)' was passed; there is: \(Self.list(descriptions)); "
                + "set FileDescriptorName= in the socket unit, or ask for a name that is there"
        )
    }

    private static func list(_ descriptions: [ListenSocket.Description]) -> String {
        descriptions.isEmpty ? "none" : descriptions.map(\.description).joined(separator: ", ")
    }
}
