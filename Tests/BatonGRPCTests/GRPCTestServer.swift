#if GRPC
import BatonGRPC
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Logging
import ServiceLifecycle
import Synchronization
import SystemPackage

@testable import Baton
@testable import Systemd
@testable import grpc_echo

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A listen socket that belongs to nobody's server.
final class Holder: Sendable {
    /// What it is made with, and more than any server would ask for.
    static let backlog = 1234

    let listener: CInt
    let port: Int

    init() throws {
        listener = try ListenAddress.tcp(host: "127.0.0.1", port: 0).listen()
        guard listen(listener, CInt(Self.backlog)) == 0 else { throw Errno(rawValue: errno) }
        guard case .ipv4(_, let port) = Systemd.SocketAddress(localOf: listener) else { preconditionFailure() }
        self.port = Int(port)
    }

    deinit { close(listener) }

    /// Ends it, also for connections that wait for a server: gRPC's client connects again after a GOAWAY, and does not end before
    /// it has been answered.
    func end() { _ = shutdown(listener, CInt(SHUT_RDWR)) }

    func sockets(named name: String) -> ListenSockets {
        var sockets = ListenSockets()
        sockets.append(owning: dup(listener), name: name)
        return sockets
    }

    #if os(Linux)
    /// How many connections may wait now.
    var backlogNow: Int {
        var info = tcp_info()
        var size = socklen_t(MemoryLayout<tcp_info>.size)
        guard getsockopt(listener, CInt(IPPROTO_TCP), TCP_INFO, &info, &size) == 0 else { return -1 }
        return Int(info.tcpi_sacked)
    }
    #endif
}

/// A gRPC server of this process; what it told and logged is kept.
final class GRPCTestServer: Sendable {
    typealias Security = HTTP2ServerTransport.Activated.TransportSecurity

    let server: GRPCServer<HTTP2ServerTransport.Activated>
    private let group: ServiceGroup
    private let end: Task<Void, any Error>
    private let records: Records

    /// Returns when connections are accepted, as systemd is told.
    init(
        on holder: Holder,
        services: [any RegistrableRPCService] = [EchoService()],
        security: Security = .plaintext,
        timeout: Duration = .seconds(20)
    ) async throws {
        let records = Records()
        let (ready, announce) = AsyncStream.makeStream(of: Void.self)
        let notifier = ServiceNotifier { message in
            if message.hasPrefix("READY=1") { announce.yield() }
            return .sent
        }
        server = GRPCServer(transport: .http2Activated(), services: services)
        let service = try await server.activated(
            on: Activation(origin: .serviceManager, notifier: notifier, sockets: holder.sockets(named: "grpc")),
            serving: ["grpc": security],
            drain: .init(timeout: timeout),
            logger: records.logger
        )
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: Logger(label: "group")
            )
        )
        self.group = group
        self.records = records
        end = Task {
            defer { announce.finish() }
            try await group.run()
        }
        for await _ in ready { return }
        try await end.value
    }

    /// What was logged.
    var logged: [String] { records.logged.withLock { $0 } }

    /// Begins the drain.
    func stop() async { await group.triggerGracefulShutdown() }

    /// Returns when the server has ended.
    func ended() async throws { try await end.value }

    private final class Records: Sendable {
        let logged = Mutex<[String]>([])

        var logger: Logger { Logger(label: "test") { _ in Handler(records: self) } }

        private struct Handler: LogHandler {
            let records: Records
            var logLevel = Logger.Level.info
            var metadata: Logger.Metadata = [:]
            subscript(metadataKey key: String) -> Logger.Metadata.Value? {
                get { metadata[key] }
                set { metadata[key] = newValue }
            }
            func log(event: LogEvent) {
                records.logged.withLock { $0.append("\(event.level): \(event.message)") }
            }
        }
    }
}
#endif
