#if GRPC
import EchoMethods
import GRPCCore
import GRPCNIOTransportHTTP2Posix

/// Makes calls with one client, and accounts for them.
struct Caller: Sendable {
    private struct Wrong: Error, CustomStringConvertible {
        let description: String
    }

    let client: GRPCClient<HTTP2ClientTransport.Posix>
    let connections: Connections
    let ledger: Ledger

    private static let words = ["one", "two", "three", "four", "five"]

    /// Calls with a client of its own.
    static func with<Result: Sendable>(
        _ port: Int,
        _ ledger: Ledger,
        security: HTTP2ClientTransport.Posix.TransportSecurity = .plaintext,
        _ body: (Caller) async throws -> Result
    ) async throws -> Result {
        let connections = Connections(ledger)
        let transport = try HTTP2ClientTransport.Posix(
            target: .ipv4(address: "127.0.0.1", port: port),
            transportSecurity: security,
            config: .defaults { $0.channelDebuggingCallbacks = connections.callbacks }
        )
        return try await withGRPCClient(transport: transport) { client in
            try await body(Caller(client: client, connections: connections, ledger: ledger))
        }
    }

    /// Makes calls of each kind, a number of each at a time, until no more are wanted.
    func all(_ width: Int) async {
        await withDiscardingTaskGroup { group in
            for _ in 0..<width {
                for call in [once, serverStreaming, bidirectional] {
                    group.addTask { while !ledger.isOver { await call() } }
                }
            }
        }
    }

    /// One message for one.
    @Sendable func once() async {
        await account(Echo.get) { metadata, seen in
            try await client.unary(
                request: ClientRequest(message: "hello", metadata: metadata),
                descriptor: Echo.get,
                serializer: TextCoder(),
                deserializer: TextCoder(),
                options: .defaults
            ) { response in try seen(["hello"], [response.message]) }
        }
    }

    /// Several messages for one.
    @Sendable private func serverStreaming() async {
        await account(Echo.expand) { metadata, seen in
            try await client.serverStreaming(
                request: ClientRequest(message: Self.words.joined(separator: " "), metadata: metadata),
                descriptor: Echo.expand,
                serializer: TextCoder(),
                deserializer: TextCoder(),
                options: .defaults
            ) { response in
                var messages: [String] = []
                for try await message in response.messages { messages.append(message) }
                try seen(Self.words, messages)
            }
        }
    }

    /// Each message is sent when the one before has been answered.
    @Sendable private func bidirectional() async {
        await account(Echo.update) { metadata, seen in
            let (turns, turn) = AsyncStream.makeStream(of: String.self)
            let request = StreamingClientRequest(metadata: metadata) { writer in
                for await word in turns { try await writer.write(word) }
            }
            defer { turn.finish() }
            turn.yield(Self.words[0])
            try await client.bidirectionalStreaming(
                request: request,
                descriptor: Echo.update,
                serializer: TextCoder(),
                deserializer: TextCoder(),
                options: .defaults
            ) { response in
                var messages: [String] = []
                for try await message in response.messages {
                    messages.append(message)
                    if messages.count < Self.words.count {
                        turn.yield(Self.words[messages.count])
                    } else {
                        turn.finish()
                    }
                }
                try seen(Self.words, messages)
            }
        }
    }

    private func account(
        _ method: MethodDescriptor,
        _ call: (Metadata, _ seen: @escaping @Sendable ([String], [String]) throws -> Void) async throws -> Void
    ) async {
        let number = ledger.nextCall()
        var failure: (any Error)?
        do {
            try await call([Connections.callNumber: "\(number)"], check)
        } catch {
            failure = error
        }
        let isRefused = await connections.ended(number)
        guard let failure else {
            ledger.count { counts in
                counts.answered[method.method, default: 0] += 1
                if number > counts.lastBefore { counts.served.insert(ObjectIdentifier(connections)) }
            }
            return
        }
        if isRefused, (failure as? RPCError)?.code == .unavailable {
            ledger.count { $0.refused += 1 }
            // gRPC's client fails calls at once from a GOAWAY until it has begun to connect, for which it needs a thread, too.
            try? await Task.sleep(for: .milliseconds(1))
        } else {
            ledger.lost("\(method) \(number): \(failure)")
        }
    }

    /// Messages are `PID WORD`, all of one process.
    private func check(_ words: [String], _ messages: [String]) throws {
        let pids = Set(messages.compactMap { $0.split(separator: " ").first })
        guard pids.count == 1, let pid = pids.first, messages == words.map({ "\(pid) \($0)" }) else {
            throw Wrong(description: "not an answer: \(messages)")
        }
        ledger.count { _ = $0.servers.insert(pid) }
    }
}
#endif
