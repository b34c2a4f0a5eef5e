#if GRPC
import Baton
import BatonGRPC
import BatonNIO
import BatonTLS
import GRPCCore
import Logging

/// What the page and the doc comments of BatonGRPC show.
enum GRPCSnippets {
    @MainActor static func plaintext(_ logger: Logger) async throws {
        let activation = try Activation.take(elseBind: [.tcp(host: "127.0.0.1", port: 50051)], named: "grpc")
        let server = GRPCServer(transport: .http2Activated(), services: [Greeter()])
        try await server.runService(on: activation, logger: logger)
    }

    static func tls(_ activation: consuming Activation, _ logger: Logger) async throws {
        let certificate = try TLSCertificate(TLSFiles(certificate: "/etc/app/tls.crt", key: "/etc/app/tls.key"))
        var lifecycle = Lifecycle()
        lifecycle.reload = { try certificate.reload() }
        let server = GRPCServer(transport: .http2Activated(), services: [Greeter()])
        try await server.runService(
            on: activation,
            serving: ["grpc": .plaintext, "grpcs": .tls(certificate)],
            lifecycle: lifecycle,
            logger: logger
        )
    }
}

/// What a generator makes of a service's description, as a rule.
struct Greeter: RegistrableRPCService {
    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {}
}
#endif
