public import Baton
internal import CSystemd
internal import Foundation
public import Systemd

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A service manager for tests, in this process: it holds listen sockets and a descriptor store, passes them to one generation
/// of a service after the other, and reads what that tells it.
///
///     @Test func itSaysReadyAndPings() async throws {
///         let manager = try FakeServiceManager(watchdog: .seconds(1))
///         let address = try manager.listen(named: "http")
///         let service = Task { try await MyServer.run(activation: try manager.activation()) }
///         try await manager.next { $0.isReady }
///         // … requests to address …
///         let pings = try await manager.pings { try await Task.sleep(for: .seconds(3)) }
///         #expect(pings.longestGap < .seconds(1))
///         service.cancel()
///         try await manager.next { $0.isStopping }
///     }
///
/// It treats messages as systemd's PID 1 does (sd_notify(3)), but it starts, kills and restarts nothing by itself: the test
/// says when. To see what a real one makes of a service, boot a ``Machine``.
///
/// Thread-safe. What it holds is closed with the last reference to it.
public final class FakeServiceManager: Sendable {
    struct Listener: Sendable {
        let name: String
        let descriptor: CInt
    }

    /// A folder for UNIX sockets, removed with everything in it at the end.
    public let folder: String

    let watchdog: Duration?
    let listeners = Locked<[Listener]>([])
    let core: ManagerCore
    private let socket: NotifySocket

    /// A manager that nobody has told anything yet.
    ///
    /// - Parameters:
    ///   - watchdog: `WatchdogSec=`: how often the service is asked to ping; nil does not ask.
    ///   - storeCapacity: `FileDescriptorStoreMax=`: how many descriptors the store keeps.
    /// - Throws: ``FakeServiceManagerError`` if the socket can not be made.
    public init(watchdog: Duration? = nil, storeCapacity: Int = 0) throws {
        self.watchdog = watchdog
        core = ManagerCore(storeCapacity: storeCapacity)
        // Not in a folder with a longer name: a UNIX socket's path has 107 bytes.
        var template = Array("/tmp/service-manager-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw FakeServiceManagerError("no folder in /tmp: \(String(cString: strerror(errno)))")
        }
        folder = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        socket = try NotifySocket(path: "\(folder)/notify", core: core)
    }

    deinit {
        for listener in listeners.withLock({ $0 }) { close(listener.descriptor) }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The address of the notify socket: what `NOTIFY_SOCKET` is to say.
    public var notifySocket: String { socket.path }

    /// Opens a listen socket, as a socket unit does; it stays open until the end.
    ///
    /// - Parameters:
    ///   - address: Where to listen; by default at a port of 127.0.0.1 that the kernel chooses.
    ///   - name: `FileDescriptorName=`. Several sockets may have the same one.
    /// - Returns: Where it listens.
    /// - Throws: `ActivationError`.
    @discardableResult
    public func listen(
        on address: ListenAddress = .tcp(host: "127.0.0.1", port: 0),
        named name: String = "http"
    ) throws -> SocketAddress {
        let descriptor = try address.listen()
        listeners.withLock { $0.append(Listener(name: name, descriptor: descriptor)) }
        guard let bound = SocketAddress(localOf: descriptor) else {
            throw FakeServiceManagerError("\(address) has no address")
        }
        return bound
    }

    /// What the next generation in this process is started with: duplicates of the listen sockets, then of what is in the
    /// store, the last one first; whom to notify; and the watchdog.
    ///
    /// It is what `Activation.take(elseBind:)` gives a process of its own; the environment is not touched. Built without
    /// libsystemd, messages come all the same, but without descriptors: the store stays empty.
    ///
    /// - Throws: ``FakeServiceManagerError`` if there are no descriptors left.
    public func activation() throws -> Activation {
        var sockets = ListenSockets()
        for (name, descriptor) in try duplicates() { sockets.append(owning: descriptor, name: name) }
        return Activation(
            origin: .serviceManager,
            notifier: notifier,
            watchdog: watchdog.map { WatchdogTimeout($0) },
            sockets: sockets
        )
    }

    private var notifier: ServiceNotifier {
        if csystemd_is_built_in() != 0 { return ServiceNotifier(connectedTo: notifySocket) }
        return ServiceNotifier { [core] text in
            // A barrier's descriptor does not come, and nothing waits: each message is treated here, at once.
            if text == "BARRIER=1" { return .sent }
            core.receive(Array(text.utf8), isTruncated: false, sender: getpid(), descriptors: [])
            return .sent
        }
    }

    /// Duplicates, which the caller closes, in the order in which they are passed.
    func duplicates() throws -> [(name: String, descriptor: CInt)] {
        func duplicate(_ name: String, _ descriptor: CInt) throws -> (name: String, descriptor: CInt) {
            let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
            guard copy >= 0 else {
                throw FakeServiceManagerError("'\(name)' can not be duplicated: \(String(cString: strerror(errno)))")
            }
            return (name, copy)
        }
        let passed = try listeners.withLock { try $0.map { try duplicate($0.name, $0.descriptor) } }
        return try passed + core.store.withLock { try $0.entries.map { try duplicate($0.name, $0.descriptor) } }
    }
}
