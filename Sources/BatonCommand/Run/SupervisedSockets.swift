import Baton
import Systemd

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The sockets that all generations serve: of the socket units, or opened here. Their holder is this process.
final class SupervisedSockets {
    /// As generations are given them.
    private(set) var entries: [PassedSockets.Entry] = []
    /// Whether systemd holds them, too.
    private(set) var areInherited = false
    /// What was in the service manager's store, from an earlier process of this service.
    private(set) var stored: [StoredDescriptor] = []
    private var paths: [String] = []

    /// Takes the sockets of the socket units; if there are none, opens those of the options.
    init(_ options: RunOptions, say: (String) -> Void) throws {
        var inherited = try ListenSockets.takeInherited()
        while let socket = inherited.popFirst() {
            let description = socket.description
            let name = Self.serverStarterName(description)
            let descriptor = socket.release()
            if let stored = KeptName.ofGeneration(description.name) {
                self.stored.append(.init(name: stored.name, descriptor: descriptor, isWatched: stored.isWatched))
            } else if name != nil || description.isListening {
                areInherited = true
                entries.append(.init(descriptor: descriptor, name: description.name, serverStarterName: name))
            } else {
                stored.append(.init(name: description.name, descriptor: descriptor, isWatched: false))
            }
        }
        guard !areInherited else {
            if !options.ports.isEmpty || !options.paths.isEmpty {
                say("the sockets are those that systemd has passed; --port and --path are for a start without it")
            }
            return
        }
        var open = ListenAddress.Options()
        open.isBlocking = true
        open.isOnlyV6 = true
        if let backlog = options.backlog { open.backlog = CInt(backlog) }
        for port in try options.parsedPorts() {
            open.isDatagram = port.isDatagram
            let entry = PassedSockets.Entry(
                descriptor: try port.address.listen(open),
                name: port.name,
                serverStarterName: port.serverStarterName,
                number: port.number
            )
            entries.append(entry)
            if let number = port.number { say("socket is duplicated to file descriptor \(number)") }
        }
        open.isDatagram = false
        for path in options.paths {
            // As Server::Starter does, so that the program's user may be another one than ours.
            let mask = umask(0)
            defer { umask(mask) }
            let descriptor = try ListenAddress.unix(path: path).listen(open)
            // A colon would be the end of a name in LISTEN_FDNAMES.
            let name = DescriptorStore.isName(path) ? path : "unix"
            entries.append(.init(descriptor: descriptor, name: name, serverStarterName: path))
            // A name in the abstract namespace is no file.
            if !path.hasPrefix("@") { paths.append(path) }
        }
    }

    /// Also if only some of them could be opened.
    deinit {
        removePaths()
    }

    /// Where each socket listens, for people.
    var addresses: [String] {
        entries.map { entry in SocketAddress(localOf: entry.descriptor).map { "\(entry.name) \($0)" } ?? entry.name }
    }

    /// Takes away the paths that were made here.
    func removePaths() {
        for path in paths { unlink(path) }
        paths = []
    }

    /// What Server::Starter would call a socket that serves clients; nil for everything else.
    private static func serverStarterName(_ socket: ListenSocket.Description) -> String? {
        guard socket.isListening || socket.kind == .datagram else { return nil }
        switch socket.localAddress {
        case .ipv4("0.0.0.0", let port): return "\(port)"
        case .ipv4, .ipv6, .unix: return socket.localAddress.map { "\($0)" }
        default: return nil
        }
    }
}

/// A descriptor that a generation wants the next one to have; see sd_pid_notify_with_fds(3).
struct StoredDescriptor {
    let name: String
    let descriptor: CInt
    /// Whether it goes when its peer hangs up.
    let isWatched: Bool
}
