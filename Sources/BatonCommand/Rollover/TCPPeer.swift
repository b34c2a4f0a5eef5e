import Foundation
import NIOCore

/// The other end of a TCP connection within this machine, as the kernel has it.
struct TCPPeer {
    /// The number by which `/proc/PID/fd` names the socket.
    let inode: UInt64

    /// Nil where there is none, or it cannot be found.
    init?(of channel: any Channel) {
        guard let local = channel.localAddress.flatMap(Endpoint.init),
            let remote = channel.remoteAddress.flatMap(Endpoint.init),
            let inode = Self.inode(local: remote, remote: local, in: Self.tables())
        else { return nil }
        self.inode = inode
    }

    /// Nil if it cannot be told.
    func isHeld(byOneOf processes: Set<CInt>) -> Bool? {
        let link = "socket:[\(inode)]"
        var isUnsure = false
        for process in processes {
            let folder = "/proc/\(process)/fd"
            guard let descriptors = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
                // One that has ended holds nothing.
                if FileManager.default.fileExists(atPath: "/proc/\(process)") { isUnsure = true }
                continue
            }
            let isHolder = descriptors.contains {
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")) == link
            }
            if isHolder { return true }
        }
        return isUnsure ? nil : false
    }

    /// An address and a port; an IPv4 address that stands in an IPv6 one is the same.
    struct Endpoint: Equatable {
        let address: [UInt8]
        let port: UInt16

        init(address: [UInt8], port: UInt16) {
            let mapped = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]
            let isMapped = address.count == 16 && address.starts(with: mapped)
            self.address = isMapped ? Array(address.suffix(4)) : address
            self.port = port
        }

        init?(_ address: SocketAddress) {
            guard let port = address.port.flatMap(UInt16.init(exactly:)) else { return nil }
            switch address {
            case .v4(let four): self.init(address: withUnsafeBytes(of: four.address.sin_addr, Array.init), port: port)
            case .v6(let six): self.init(address: withUnsafeBytes(of: six.address.sin6_addr, Array.init), port: port)
            case .unixDomainSocket: return nil
            }
        }

        /// - Parameter text: As in `/proc/net/tcp`: `0100007F:1F90`, each 32 bits of the address as a number of this machine.
        init?(_ text: Substring) {
            let parts = text.split(separator: ":")
            guard parts.count == 2, let port = UInt16(parts[1], radix: 16), [8, 32].contains(parts[0].count) else {
                return nil
            }
            var (bytes, rest): ([UInt8], Substring) = ([], parts[0])
            while !rest.isEmpty {
                guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
                withUnsafeBytes(of: word) { bytes += $0 }
                rest = rest.dropFirst(8)
            }
            self.init(address: bytes, port: port)
        }
    }

    private static func tables() -> String {
        ["tcp", "tcp6"].compactMap { try? SmallFile.read("/proc/net/\($0)") }.joined(separator: "\n")
    }

    /// - Parameter tables: The text of `/proc/net/tcp` (proc_net(5)).
    static func inode(local: Endpoint, remote: Endpoint, in tables: String) -> UInt64? {
        for line in tables.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 9, Endpoint(fields[1]) == local, Endpoint(fields[2]) == remote else { continue }
            // One that no process has any more has none.
            guard let inode = UInt64(fields[9]), inode > 0 else { continue }
            return inode
        }
        return nil
    }
}
