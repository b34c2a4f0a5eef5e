import NIOCore
import Synchronization
import Testing

@testable import Baton
@testable import BatonNIO
@testable import Systemd

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite(.timeLimit(.minutes(1))) struct DrainingDatagramServerTests {
    private let records = Records()

    private func server(
        _ holder: DatagramHolder,
        timeout: Duration = .seconds(10),
        concurrency: Int = 64
    ) throws -> DrainingDatagramServer {
        try DrainingDatagramServer(
            socket: holder.duplicate(),
            drain: .init(timeout: timeout),
            concurrency: concurrency,
            logger: records.logger
        )
    }

    private static func echo(_ datagram: Datagram) -> ByteBuffer? {
        ByteBuffer(string: "\(String(buffer: datagram.bytes)) from \(datagram.sender)")
    }

    @Test func repliesToTheSender() async throws {
        let holder = try DatagramHolder()
        let server = try server(holder)
        async let outcome = server.run { datagram in Self.echo(datagram) }
        try await blocking {
            for _ in 0..<3 {
                let client = try holder.client()
                let address = Systemd.SocketAddress(localOf: client.descriptor).map { "\($0)" } ?? ""
                #expect(try client.ask("hello") == "hello from \(address)")
                #expect(try client.ask("") == " from \(address)")
                let long = String(repeating: "x", count: 60_000)
                #expect(try client.ask(long) == "\(long) from \(address)")
            }
        }
        server.stop()
        #expect(try await outcome == .drained)
    }

    @Test func repliesToClientsOfAUnixSocketThatHaveAnAddress() async throws {
        let path = "/tmp/baton-datagram-\(getpid())"
        let holder = try DatagramHolder(path: path)
        let server = try server(holder)
        let senders = Mutex<[String: String]>([:])
        async let outcome = server.run { datagram in
            senders.withLock { $0[String(buffer: datagram.bytes)] = "\(datagram.sender)" }
            return Self.echo(datagram)
        }
        try await blocking {
            let named = try holder.client(path: "\(path)-client")
            let nameless = try holder.client()
            for number in 0..<20 {
                #expect(try named.ask("\(number)") == "\(number) from \(path)-client")
                try nameless.send("nameless \(number)")
            }
            let long = String(repeating: "x", count: 40_000)
            #expect(try named.ask(long).hasPrefix(long))
            unlink("\(path)-client")
        }
        server.stop()
        #expect(try await outcome == .drained)
        let others = senders.withLock { $0.filter { $0.key.hasPrefix("nameless") } }
        #expect(others.count == 20 && others.values.allSatisfy { $0 == "(no address)" }, "\(others)")
    }

    /// Ten generations on one socket, each for about 20 ms; clients have 8 datagrams under way at a time.
    @Test func overGenerationsEachDatagramIsAnsweredOnce() async throws {
        let holder = try DatagramHolder()
        let (count, isOver) = (5000, Told())
        async let replies = blocking {
            let client = try holder.client()
            var replies: [String: Int] = [:]
            for number in 0..<8 { try client.send("\(number)") }
            for number in 8..<count + 8 {
                replies[try client.receive(), default: 0] += 1
                if number < count { try client.send("\(number)") }
            }
            isOver.note(.requested)
            return replies
        }
        var generations: [Int] = []
        while isOver.all.isEmpty {
            let answered = SharedNumber()
            let server = try server(holder, concurrency: 4)
            async let outcome = server.run { datagram in
                try? await Task.sleep(for: .microseconds(Int.random(in: 0...500)))
                answered.add(1)
                return datagram.bytes
            }
            try await Task.sleep(for: .milliseconds(20))
            server.stop()
            #expect(try await outcome == .drained)
            generations.append(answered.value)
        }
        let answers = try await replies
        #expect(answers.count == count && answers.values.allSatisfy { $0 == 1 })
        #expect(generations.reduce(0, +) == count)
        #expect(generations.count { $0 > 0 } >= 5, "\(generations)")
    }

    /// The kernel's queue holds what the handlers cannot take; at the stop it stays there.
    @Test func whatTheHandlersCannotTakeStaysInTheQueue() async throws {
        let holder = try DatagramHolder()
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let (began, begin) = AsyncStream.makeStream(of: Void.self)
        let first = try server(holder, concurrency: 3)
        async let outcome = first.run { _ in
            begin.yield()
            for await _ in gate {}
            return ByteBuffer(string: "first")
        }
        let client = try holder.client()
        for number in 0..<10 { try client.send("\(number)") }
        var iterator = began.makeAsyncIterator()
        for _ in 0..<3 { await iterator.next() }
        first.stop()
        let second = try server(holder)
        async let ended = second.run { _ in ByteBuffer(string: "second") }
        #expect(try await blocking { try (0..<7).map { _ in try client.receive() } }.allSatisfy { $0 == "second" })
        open.finish()
        #expect(try await outcome == .drained)
        #expect(try await blocking { try (0..<3).map { _ in try client.receive() } }.allSatisfy { $0 == "first" })
        second.stop()
        #expect(try await ended == .drained)
    }

    @Test(arguments: [true, false])
    func whatHangsIsCutAtTheDeadline(noticesCancellation: Bool) async throws {
        let holder = try DatagramHolder()
        let server = try server(holder, timeout: .milliseconds(200))
        let (began, begin) = AsyncStream.makeStream(of: Void.self)
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        defer { open.finish() }
        async let outcome = server.run { _ in
            begin.yield()
            if noticesCancellation {
                try? await Task.sleep(for: .seconds(60))
            } else {
                await Task { for await _ in gate {} }.value
            }
            return nil
        }
        let client = try holder.client()
        for number in 0..<2 { try client.send("\(number)") }
        var iterator = began.makeAsyncIterator()
        for _ in 0..<2 { await iterator.next() }
        let stopped = ContinuousClock.now
        server.stop()
        #expect(try await outcome == .cut)
        let took = ContinuousClock.now - stopped
        #expect(took >= .milliseconds(200) && took < .seconds(30), "\(took)")
        #expect(records.logged == ["cut at the drain's deadline: 2 datagrams that had not been answered"])
    }

    /// A client that does not read its replies harms only itself.
    @Test func aClientThatDoesNotReadStopsNobody() async throws {
        let path = "/tmp/baton-datagram-deaf-\(getpid())"
        let holder = try DatagramHolder(path: path)
        let server = try server(holder, concurrency: 4)
        async let outcome = server.run { datagram in datagram.bytes }
        let answer = try await blocking {
            let (deaf, client) = (try holder.client(path: "\(path)-deaf"), try holder.client(path: "\(path)-client"))
            for _ in 0..<40 { try deaf.send("x") }
            unlink("\(path)-deaf")
            defer { unlink("\(path)-client") }
            return try client.ask("hello")
        }
        #expect(answer == "hello")
        server.stop()
        #expect(try await outcome == .drained)
    }

    @Test func anotherKindOfSocketIsRefused() async throws {
        let holder = try Holder()
        let error = #expect(throws: ActivationError.self) {
            var sockets = holder.sockets
            _ = try DrainingDatagramServer(socket: sockets.takeOnly("http"), drain: .init(), logger: records.logger)
        }
        #expect(error?.code == .wrongKind)
        #expect(error?.description.contains("socket http[0] stream 127.0.0.1:") == true)
        #expect(error?.description.contains("use ListenDatagram= in its socket unit") == true)
    }
}
