#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

#if GRPC
import Baton
import BatonGRPC
import EchoMethods
import GRPCCore
import Logging
import ServiceLifecycle

/// A gRPC server; each of its messages begins with its process.
///
///     grpc-echo                                     listens on 127.0.0.1:50051
///     baton run --port 50051 --notify -- grpc-echo  the next version on HUP
///     systemd-socket-activate -l 50051 grpc-echo    as under a socket unit
@main
struct GRPCEcho {
    @MainActor
    static func main() async throws {
        // First, while there is one thread: it clears the variables that passed the sockets.
        let activation = try Activation.take(elseBind: [.tcp(host: "127.0.0.1", port: 50051)], named: "grpc")
        let server = GRPCServer(transport: .http2Activated(), services: [EchoService()])
        try await server.runService(on: activation, logger: Logger(label: "grpc-echo"))
    }
}

/// What a program writes itself; the methods come from a generator as a rule.
struct EchoService: RegistrableRPCService {
    /// What there is to do for a message.
    private static let work = Duration.milliseconds(10)

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.register(Echo.get) { request, write in
            for try await message in request.messages {
                try await Task.sleep(for: Self.work)
                try await write(message)
            }
        }
        router.register(Echo.expand) { request, write in
            for try await message in request.messages {
                for word in message.split(separator: " ") {
                    try await Task.sleep(for: Self.work)
                    try await write(word)
                }
            }
        }
        router.register(Echo.update) { request, write in
            for try await message in request.messages { try await write(message) }
        }
        router.register(Echo.watch) { _, write in
            // A stream without an end has to find one when the server stops, or it is cut at the drain's deadline.
            try? await cancelWhenGracefulShutdown {
                while true {
                    try await write("tick")
                    try await Task.sleep(for: Self.work)
                }
            }
            try await write("goodbye")
        }
    }
}

extension RPCRouter {
    /// A method whose messages are text.
    fileprivate mutating func register(
        _ method: MethodDescriptor,
        answer:
            @escaping @Sendable (
                StreamingServerRequest<String>, _ write: @escaping @Sendable (any StringProtocol) async throws -> Void
            ) async throws -> Void
    ) {
        let pid = getpid()
        registerHandler(forMethod: method, deserializer: TextCoder(), serializer: TextCoder()) { request, _ in
            StreamingServerResponse { writer in
                try await answer(request) { try await writer.write("\(pid) \($0)") }
                return [:]
            }
        }
    }
}
#else
@main
struct GRPCEcho {
    static func main() {
        print("grpc-echo has been built without the package trait GRPC: swift build --traits default,GRPC")
        exit(EX_UNAVAILABLE)
    }
}
#endif
