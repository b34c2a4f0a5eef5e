import Glibc
import Testing

@testable import Systemd

@Suite struct SocketKindTests {
    @Test func tellsWhatADescriptorIs() {
        var pipes: [CInt] = [0, 0]
        #expect(pipe(&pipes) == 0)
        let expected: [(CInt, SocketKind)] = [
            (socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0), .stream),
            (socket(AF_INET6, CInt(SOCK_DGRAM.rawValue), 0), .datagram),
            (socket(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue), 0), .sequentialPacket),
            (socket(AF_NETLINK, CInt(SOCK_RAW.rawValue), 0), .netlink),
            (socket(AF_NETLINK, CInt(SOCK_DGRAM.rawValue), 0), .netlink),
            (pipes[0], .fifo), (pipes[1], .fifo), (open("/dev/null", O_RDONLY), .specialFile),
            (open("/proc/self/exe", O_RDONLY), .specialFile), (open("/", O_RDONLY), .other),
        ]
        for (descriptor, kind) in expected {
            #expect(descriptor >= 0)
            #expect(SocketKind(descriptor: descriptor) == kind)
            #expect(!SocketKind.isListening(descriptor))
            close(descriptor)
        }
        #expect(SocketKind(descriptor: -1) == .other)
    }
}
