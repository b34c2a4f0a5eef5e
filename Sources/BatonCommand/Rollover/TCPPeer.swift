import CProcess
import Foundation
import NIOCore

/// The other end of a TCP connection within this machine, as the kernel has it.
struct TCPPeer {
    /// The number by which `/proc/PID/fd` names the socket.
    let inode: UInt32

    /// Nil where there is none, or it cannot be found.
    init?(of channel: any Channel) {
        guard let local = channel.localAddress, let remote = channel.remoteAddress else { return nil }
        var inode: UInt32 = 0
        let result = local.withSockAddr { local, _ in
            remote.withSockAddr { remote, _ in cprocess_tcp_peer(local, remote, &inode) }
        }
        guard result == 0 else { return nil }
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
}
