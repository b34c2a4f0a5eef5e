import Baton
import BatonNIO
import Logging
import NIOCore
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A server of datagrams: it answers each with its process, the datagram's number in it, and what it said.
///
///     baton run --port u7000 --notify -- datagram-echo          the next version on HUP
///     systemd-socket-activate --datagram -l 7000 datagram-echo  as under a socket unit with ListenDatagram=
@main
struct DatagramEcho {
    @MainActor
    static func main() async throws {
        // First, while there is one thread: it clears the variables that passed the socket. There is no other one to fall back on.
        let activation = try Activation.take(elseBind: [], named: "echo")
        let logger = Logger(label: "datagram-echo")
        let answered = Answered()

        let server = DatagramServer(named: "echo", logger: logger) { datagram in
            let number = answered.count.add(1, ordering: .relaxed).newValue
            return ByteBuffer(string: "\(getpid()) \(number) \(String(buffer: datagram.bytes))")
        }
        try await server.run(on: activation)
        logger.info("answered \(answered.count.load(ordering: .relaxed)) datagrams")
    }
}

/// How many datagrams have been answered.
final class Answered: Sendable {
    let count = Atomic(0)
}
