internal import CSystemd

/// What a descriptor that was passed to this process is, as libsystemd tells it.
public enum SocketKind: String, Sendable, Hashable {
    /// `SOCK_STREAM`: `ListenStream=`, or one connection of `Accept=yes`.
    case stream = "stream"
    /// `SOCK_DGRAM`: `ListenDatagram=`.
    case datagram = "datagram"
    /// `SOCK_SEQPACKET`: `ListenSequentialPacket=`.
    case sequentialPacket = "sequential-packet"
    /// A FIFO in the file system: `ListenFIFO=`.
    case fifo = "FIFO"
    /// A POSIX message queue: `ListenMessageQueue=`.
    case messageQueue = "message queue"
    /// A regular file or a character device: `ListenSpecial=`, or from the descriptor store.
    case specialFile = "special file"
    /// `AF_NETLINK`: `ListenNetlink=`.
    case netlink = "netlink socket"
    /// Anything else.
    case other = "other"

    /// Asks libsystemd what `descriptor` is: `sd_is_socket`, `sd_is_fifo`, `sd_is_mq` and `sd_is_special`.
    ///
    /// `sd_is_mq` and `sd_is_special` say "yes" only to their own kind, so their order does not matter.
    package init(descriptor: CInt) {
        func isSocket(_ type: CInt) -> Bool { csystemd_is_socket(descriptor, 0, type, -1) > 0 }
        if SocketConstants.netlink.map({ csystemd_is_socket(descriptor, $0, 0, -1) > 0 }) ?? false {
            self = .netlink
        } else if isSocket(SocketConstants.stream) {
            self = .stream
        } else if isSocket(SocketConstants.datagram) {
            self = .datagram
        } else if isSocket(SocketConstants.sequentialPacket) {
            self = .sequentialPacket
        } else if csystemd_is_fifo(descriptor) > 0 {
            self = .fifo
        } else if csystemd_is_message_queue(descriptor) > 0 {
            self = .messageQueue
        } else if csystemd_is_special(descriptor) > 0 {
            self = .specialFile
        } else {
            self = .other
        }
    }

    /// Whether `descriptor` is a socket on which `listen(2)` has been called, by `sd_is_socket`.
    package static func isListening(_ descriptor: CInt) -> Bool {
        csystemd_is_socket(descriptor, 0, 0, 1) > 0
    }
}
