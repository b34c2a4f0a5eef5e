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

/// The end of a carrier into which a generation puts its connections for the next one.
///
/// A carrier is a pair of connected sockets. The other end is in the service manager's store, or another process has it already; a
/// connection in it is held by the kernel, which keeps what its client sends. Thread-safe, and no call waits.
package final class Carrier: Sendable {
    /// The most bytes that can travel with a connection.
    package static var mostBytes: Int { CarrierMessage.mostBytes }

    private let descriptor: OwnedDescriptor

    /// Makes a carrier.
    ///
    /// - Returns: Both ends: the one to put connections into, and the one to be given away.
    /// - Throws: The `Errno` of `socketpair(2)`.
    package static func make() throws(Errno) -> Pair {
        var ends: (CInt, CInt) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &ends) { bytes in
            bytes.withMemoryRebound(to: CInt.self) { cprocess_packet_pair($0.baseAddress) }
        }
        guard result == 0 else { throw Errno(rawValue: -result) }
        return Pair(carrier: Carrier(OwnedDescriptor(ends.0)), reader: OwnedDescriptor(ends.1))
    }

    /// Both ends of a new carrier.
    package struct Pair: ~Copyable, Sendable {
        /// The end to put connections into.
        package let carrier: Carrier
        /// The end to be given away.
        package let reader: OwnedDescriptor

        /// Parts with the end to be given away.
        package consuming func giveAway() -> OwnedDescriptor { reader }
    }

    private init(_ descriptor: consuming OwnedDescriptor) {
        self.descriptor = descriptor
    }

    /// Lends the descriptor, by which the end of the other end is noticed; it is not to be kept longer than the value.
    package func withDescriptor<Result: ~Copyable>(_ body: (CInt) -> Result) -> Result {
        descriptor.withDescriptor(body)
    }

    /// Puts connections in, as many as there is room for, in their order.
    ///
    /// What is in holds a reference of its own: closing a descriptor afterwards ends nothing.
    ///
    /// - Parameter connections: The connections, with ``mostBytes`` each at most; their descriptors stay the caller's.
    /// - Returns: How many are in, and why not all of them: `Errno.resourceTemporarilyUnavailable` if the carrier is full,
    ///   `Errno.tooManyReferences` if more descriptors are under way than `LimitNOFILE=` allows, `Errno.brokenPipe` if nobody holds the
    ///   other end.
    package func put(_ connections: [CarriedConnection]) -> (count: Int, failure: Errno?) {
        var rest = connections[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.fitting(rest))
            let message = CarrierMessage.encode(part)
            let descriptors = part.map(\.descriptor)
            let result = descriptor.withDescriptor { descriptor in
                cprocess_send_message(descriptor, message, message.count, descriptors, UInt32(descriptors.count))
            }
            if result < 0 { return (connections.count - rest.count, Errno(rawValue: -result)) }
            rest = rest.dropFirst(part.count)
        }
        return (connections.count, nil)
    }

    /// How many of these make a message: at least one.
    private static func fitting(_ connections: ArraySlice<CarriedConnection>) -> Int {
        var (count, bytes) = (0, 0)
        for connection in connections.prefix(CarrierMessage.mostConnections) {
            bytes += connection.bytes.count
            if count > 0, bytes > CarrierMessage.mostBytes { break }
            count += 1
        }
        return count
    }
}
