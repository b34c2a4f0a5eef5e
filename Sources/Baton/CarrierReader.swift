internal import CProcess
package import SystemPackage
package import Systemd

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The end of a carrier from which a generation takes the connections of an earlier one.
///
/// To be emptied by one thread at a time. Closing it, by letting it go, ends nothing that is still in it as long as the service manager's
/// store holds it, too.
package final class CarrierReader: Sendable {
    /// What there is.
    package enum Reception: Sendable, Hashable {
        /// Nothing yet.
        case nothing
        /// Connections, which are the caller's; they are close-on-exec and non-blocking. `dropped` is how many were none, and have been
        /// closed.
        case connections([CarriedConnection], dropped: Int)
        /// There are connections, but not as many free descriptors: they stay where they are.
        case noRoom(for: Int)
        /// What came is of no use, and has been closed.
        case unusable(String)
        /// It cannot be read any more.
        case broken(Errno)
        /// It is empty, and nobody puts anything in any more.
        case ended
    }

    /// More descriptors than a message needs are to be free: others accept connections at the same time.
    private static let spare = 16

    /// By what name it was passed to this process.
    package let name: String
    private let descriptor: OwnedDescriptor

    package init(_ descriptor: consuming OwnedDescriptor, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    /// Whether nobody else holds it: then what is in it ends with it.
    package var isDirect: Bool { CarrierName(name)?.isDirect ?? false }

    /// Lets nothing more in; what is in it can still be taken out.
    package func refuse() {
        descriptor.withDescriptor { _ = shutdown($0, CInt(SHUT_RD)) }
    }

    /// Lends the descriptor that becomes readable when there is something; it is not to be kept longer than this.
    package func withDescriptor<Result>(_ body: (CInt) -> Result) -> Result {
        descriptor.withDescriptor(body)
    }

    /// Takes the next message out. Does not wait.
    package func next() -> Reception {
        var header = [UInt8](repeating: 0, count: CarrierMessage.headerLength)
        let length = descriptor.withDescriptor { cprocess_peek($0, &header, header.count) }
        if length == 0 { return .ended }
        if length < 0 {
            return Errno(rawValue: CInt(-length)) == .wouldBlock
                ? .nothing : .broken(Errno(rawValue: CInt(-length)))
        }
        guard let count = CarrierMessage.count(in: Array(header.prefix(length))) else {
            descriptor.withDescriptor(cprocess_discard_message)
            return .unusable("a message that is not of this version")
        }
        // If there were too few, the kernel would close those that it has no number for.
        guard Self.hasRoom(for: count + Self.spare) else { return .noRoom(for: count) }
        return receive(count)
    }

    private func receive(_ expected: Int) -> Reception {
        var buffer = [UInt8](repeating: 0, count: CarrierMessage.longest)
        var descriptors = [CInt](repeating: -1, count: Int(cprocess_most_descriptors))
        var (sender, count, isTruncated) = (cprocess_sender(), UInt32(0), false)
        let length = descriptor.withDescriptor { descriptor in
            cprocess_receive_message(
                descriptor,
                &buffer,
                buffer.count,
                &sender,
                &descriptors,
                &count,
                &isTruncated
            )
        }
        guard length >= 0 else { return .broken(Errno(rawValue: CInt(-length))) }
        let received = descriptors.prefix(Int(count))
        guard !isTruncated, received.count == expected, let parts = CarrierMessage.decode(Array(buffer.prefix(length)))
        else {
            for descriptor in received { _ = close(descriptor) }
            return .unusable("a message that is incomplete: \(received.count) connections of \(expected) came with it")
        }
        var connections: [CarriedConnection] = []
        for (descriptor, bytes) in zip(received, parts) {
            if Self.isConnection(descriptor) {
                connections.append(CarriedConnection(descriptor: descriptor, bytes: bytes))
            } else {
                _ = close(descriptor)
            }
        }
        return .connections(connections, dropped: expected - connections.count)
    }

    /// Tries it out, as the limit alone says nothing of how many are open.
    static func hasRoom(for count: Int) -> Bool {
        var duplicates: [CInt] = []
        defer { for descriptor in duplicates { _ = close(descriptor) } }
        let waker = socket(AF_UNIX, SocketConstants.stream, 0)
        guard waker >= 0 else { return false }
        _ = fcntl(waker, F_SETFD, FD_CLOEXEC)
        duplicates.append(waker)
        while duplicates.count < count {
            let duplicate = fcntl(waker, F_DUPFD_CLOEXEC, 0)
            guard duplicate >= 0 else { return false }
            duplicates.append(duplicate)
        }
        return true
    }

    private static func isConnection(_ descriptor: CInt) -> Bool {
        guard cprocess_is_connection(descriptor) else { return false }
        let flags = fcntl(descriptor, F_GETFL)
        return flags >= 0 && (flags & O_NONBLOCK != 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0)
    }
}
