internal import CProcess
package import SystemPackage
internal import Systemd

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Where a generation of `baton run` is brought the carriers of earlier generations, while it serves.
///
/// The manager has the other end of a pair of connected sockets. Each message is the name of a carrier (``CarrierName``) and the end
/// to read it from. To be emptied by one thread at a time.
package final class CarrierInbox: Sendable {
    /// What there is.
    package enum Reception: Sendable {
        /// Nothing yet.
        case nothing
        /// A carrier, which nobody else holds.
        case carrier(CarrierReader)
        /// There is a carrier, but too few free descriptors: it stays where it is.
        case noRoom
        /// What came is of no use, and has been closed: whoever fills it notices that.
        case unusable(String)
        /// Nothing will come any more: the manager is gone, or it is ``refuse()``d and empty.
        case ended
    }

    /// The name by which the manager is given its end.
    package static let name = "baton-inbox"

    /// More descriptors than one are to be free: others accept connections at the same time.
    private static let spare = 16

    /// The name of the listen sockets whose connections are served here.
    private let server: String
    private let descriptor: OwnedDescriptor
    /// The manager's end, until it is given away.
    private let other: Locked<CInt>

    /// - Parameter server: The name of the listen sockets whose connections are served here.
    /// - Throws: The `Errno` of `socketpair(2)`.
    package init(server: String) throws(Errno) {
        var ends: (CInt, CInt) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &ends) { bytes in
            bytes.withMemoryRebound(to: CInt.self) { cprocess_packet_pair($0.baseAddress) }
        }
        self.server = server
        descriptor = OwnedDescriptor(ends.0)
        other = Locked(ends.1)
        guard result == 0 else { throw Errno(rawValue: -result) }
    }

    deinit {
        if let other = giveAway() { _ = close(other) }
    }

    /// Parts with the manager's end, which is the caller's to close; nil if that has been done.
    package func giveAway() -> CInt? {
        other.withLock { other in
            defer { other = -1 }
            return other < 0 ? nil : other
        }
    }

    /// Lets nothing more in, which the manager notices; what is in it can still be taken out.
    package func refuse() {
        descriptor.withDescriptor { _ = shutdown($0, CInt(SHUT_RD)) }
    }

    /// Lends the descriptor that becomes readable when there is something; it is not to be kept longer than this.
    package func withDescriptor<Result>(_ body: (CInt) -> Result) -> Result {
        descriptor.withDescriptor(body)
    }

    /// Takes the next message out. Does not wait.
    package func next() -> Reception {
        var header = [UInt8](repeating: 0, count: 1)
        let length = descriptor.withDescriptor { cprocess_peek($0, &header, header.count) }
        if length == 0 { return .ended }
        if length < 0 {
            let errno = Errno(rawValue: CInt(-length))
            return errno == .wouldBlock ? .nothing : .unusable("it cannot be read: \(errno)")
        }
        guard CarrierReader.hasRoom(for: 1 + Self.spare) else { return .noRoom }
        return receive()
    }

    private func receive() -> Reception {
        var buffer = [UInt8](repeating: 0, count: 256)
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
        guard length >= 0 else { return .unusable("it cannot be read: \(Errno(rawValue: CInt(-length)))") }
        let name = String(decoding: buffer.prefix(length), as: UTF8.self)
        let reason: String
        if isTruncated || count != 1 {
            reason = "\(name.debugDescription) came with \(count) descriptors"
        } else if let carrier = CarrierName(name) {
            if carrier.server == server {
                let name = CarrierName.direct(server: server).description
                return .carrier(CarrierReader(OwnedDescriptor(descriptors[0]), name: name))
            }
            reason = "connections of '\(carrier.server)' came, and '\(server)' is served"
        } else {
            reason = "\(name.debugDescription) is no carrier's name"
        }
        for descriptor in descriptors.prefix(Int(count)) { _ = close(descriptor) }
        return .unusable(reason)
    }
}
