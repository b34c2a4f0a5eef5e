internal import CProcess
internal import NIOCore
internal import Synchronization
internal import SystemPackage

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A datagram socket that other processes hold, too: nothing that they share is changed, not even `O_NONBLOCK`.
///
/// Thread-safe, but for ``close()``.
final class DatagramSocket: Sendable {
    /// The longest datagram: more than UDP has, and than the kernel lets a UNIX socket send unless it is told to.
    static let longest = 256 * 1024

    let descriptor: CInt
    private let isClosed = Atomic(false)

    /// - Parameter descriptor: Of a datagram socket; it is closed with this object.
    init(owning descriptor: CInt) {
        self.descriptor = descriptor
    }

    deinit { close() }

    /// Closes it; nobody may use it at that moment, nor afterwards.
    func close() {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        #if canImport(Glibc)
        _ = Glibc.close(descriptor)
        #elseif canImport(Musl)
        _ = Musl.close(descriptor)
        #else
        _ = Darwin.close(descriptor)
        #endif
    }

    /// A duplicate of its descriptor, close-on-exec.
    func duplicate() throws(Errno) -> CInt {
        let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        guard duplicate >= 0 else { throw Errno(rawValue: errno) }
        return duplicate
    }

    /// Receives the next datagram, without waiting for it.
    ///
    /// - Parameter buffer: ``longest`` bytes.
    func receive(_ buffer: UnsafeMutableRawBufferPointer) -> Result<Datagram, Errno> {
        var (address, length) = (sockaddr_storage(), socklen_t(0))
        let count = cprocess_receive(descriptor, buffer.baseAddress, buffer.count, &address, &length)
        guard count >= 0 else { return .failure(Errno(rawValue: CInt(-count))) }
        let bytes = ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: buffer.prefix(count)))
        return .success(Datagram(bytes: bytes, address: address, addressLength: length))
    }

    /// Answers a datagram, without waiting.
    func send(_ bytes: ByteBuffer, to datagram: Datagram) -> Errno? {
        var address = datagram.address
        let result = bytes.withUnsafeReadableBytes {
            cprocess_send(descriptor, $0.baseAddress, $0.count, &address, datagram.addressLength)
        }
        return result == 0 ? nil : Errno(rawValue: -result)
    }
}
