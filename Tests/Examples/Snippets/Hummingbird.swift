import Baton
import BatonHummingbird
import BatonHummingbirdHTTP2
import BatonNIO
import BatonTLS
import Hummingbird
import Logging
import ServiceLifecycle
import UnixSignals

/// What README.md and the pages of BatonHummingbird and BatonHummingbirdHTTP2 show.
enum HummingbirdSnippets {
    static func https(_ app: some ApplicationProtocol, _ activation: consuming Activation) async throws {
        let certificate = try TLSCertificate(TLSFiles(certificate: "/etc/app/tls.crt", key: "/etc/app/tls.key"))
        var lifecycle = Lifecycle()
        lifecycle.reload = { try certificate.reload() }
        try await app.runService(
            on: activation,
            serving: ["http": .http(), "https": .https(certificate)],
            lifecycle: lifecycle
        )
    }

    static func webSocket(_ app: some ApplicationProtocol, _ activation: consuming Activation) async throws {
        try await app.runService(
            on: activation,
            upgrades: [
                .webSocket(at: "/chat") { socket in
                    for try await message in socket.messages { try await socket.send(message) }
                }
            ]
        )
    }

    static func lifecycle(
        _ app: some ApplicationProtocol,
        _ activation: consuming Activation,
        _ catalog: some Catalog
    ) async throws {
        var lifecycle = Lifecycle()
        lifecycle.prepare = { start in
            start.report("reading the catalog")
            try await catalog.read()
        }
        lifecycle.reload = { try await catalog.read() }
        lifecycle.healthCheck = { try await catalog.check() }
        lifecycle.lameDuck = .seconds(5)
        try await app.runService(on: activation, drain: .init(timeout: .seconds(60)), lifecycle: lifecycle)
    }

    static func group(
        _ app: some ApplicationProtocol,
        _ activation: consuming Activation,
        _ logger: Logger
    ) async throws {
        let service = try await app.activated(on: activation)
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm],
                logger: logger
            )
        )
        try await group.run()
    }
}

/// What a program reads.
protocol Catalog: Sendable {
    func read() async throws
    func check() async throws
}
