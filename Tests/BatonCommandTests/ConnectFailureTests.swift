import NIOCore
import NIOPosix
import Testing

@testable import BatonCommand

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Servers that cannot be connected to.
struct ConnectFailureTests {
    @Test func refused() async throws {
        let deaf = try DeafPort(listening: false)
        defer { deaf.close() }
        let record = try await probe(port: deaf.port, [.newConnection, .keepAlive, .connectPause], connections: 3) {
            $0.failures >= 6
        }.record
        #expect(record.tally.total.failures >= 6)
        #expect(record.tally.total[.refused] == record.tally.total.failures)
        #expect(record.tally.addsUp)
    }

    /// A full backlog: Linux drops the SYN, so that connect(2) waits.
    @Test func connectTimeout() async throws {
        let listener = try DeafPort(listening: true)
        defer { listener.close() }
        let record = try await probe(port: listener.port, [.newConnection], timeout: .milliseconds(300)) {
            $0.failures >= 2
        }.record
        #expect(record.tally.total.failures >= 2)
        #expect(record.tally.total[.connectTimeout] == record.tally.total.failures, "\(record.failures)")
        #expect(record.tally.addsUp)
    }

    @Test func unixSocketThatIsNotThere() async throws {
        var plan = ProbePlan(target: .unix(path: "/nonexistent/socket"))
        plan.connections = 1
        plan.modes = [.newConnection]
        plan.load = .steady(.seconds(60))
        let record = try await run(plan) { $0.failures >= 1 }.record
        #expect(record.tally.total[.other] == record.tally.total.failures)
        #expect(record.failures.first?.detail.contains("errno \(ENOENT)") == true)
    }

    /// A port that was free a moment ago and that nobody listens on.
}

/// A port of our own at which nobody is heard: it does not listen, or its backlog is full.
private struct DeafPort {
    private let listener: CInt
    private let occupant: CInt
    let port: Int

    init(listening: Bool) throws {
        #if canImport(Glibc)
        let stream = CInt(SOCK_STREAM.rawValue)
        #else
        let stream = SOCK_STREAM
        #endif
        (listener, occupant) = (socket(AF_INET, stream, 0), socket(AF_INET, stream, 0))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let (listener, occupant) = (listener, occupant)
        let failed = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) != 0 || (listening && listen(listener, 0) != 0)
                    || getsockname(listener, address, &length) != 0
                    || (listening && connect(occupant, address, length) != 0)
            }
        }
        try #require(!failed, "errno \(errno)")
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    func close() {
        for descriptor in [listener, occupant] {
            #if canImport(Darwin)
            _ = Darwin.close(descriptor)
            #elseif canImport(Glibc)
            _ = Glibc.close(descriptor)
            #else
            _ = Musl.close(descriptor)
            #endif
        }
    }
}
