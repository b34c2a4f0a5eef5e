import ArgumentParser
import ArticleRoutes
import Baton
import BatonHummingbird
import BatonHummingbirdHTTP2
import BatonNIO
import BatonTLS
import Hummingbird
import JournalLogging
import Logging
import NIOPosix
import Systemd

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The article's server, restarted without losing a request.
@main
struct App {
    /// On the main actor: until the first `await` this is the only thread, and the environment may be changed.
    @MainActor
    static func main() async {
        let start = ProcessStart.now()
        let options = AppOptions.parseOrExit()
        let settings = Settings(path: options.config)
        LoggingSystem.bootstrap { label in ReloadableLevel(JournalLogHandler(label: label), settings: settings) }
        do {
            try settings.reload()
            try await serve(options, settings, start)
        } catch let failure as AppConfiguration.Failure {
            fail("\(failure)", status: EX_CONFIG)
        } catch let error as TLSFileError {
            fail("\(error)", status: EX_CONFIG)
        } catch let error as ActivationError {
            let options = error.code == .cannotBind ? " (set by --hostname, --port, --tls-port and --unix)" : ""
            fail("\(error)\(options)", status: EX_CONFIG)
        } catch {
            fail("\(error)", status: EXIT_FAILURE)
        }
    }

    @MainActor
    private static func serve(_ options: AppOptions, _ settings: Settings, _ start: ProcessStart) async throws {
        let activation = try Activation.take(
            elseBind: [options.socketName: options.addresses, options.tlsSocketName: options.tlsAddresses]
        )
        let logger = Logger(label: "app")
        logger.info("pid \(getpid()), version \(ArticleRouter.version)")
        for socket in activation.sockets.descriptions {
            let address = socket.localAddress.map { "\($0)" } ?? "(no address)"
            let peer = socket.peerAddress.map { ", connected to \($0)" } ?? ""
            logger.info("socket \(address): \(activation.origin), \(socket.name)[\(socket.index)]\(peer)")
        }
        let router = ArticleRouter.make(start: start, greeting: { settings.greeting })
        let group = MultiThreadedEventLoopGroup.singleton
        Echo.add(to: router)
        if options.trialRoutes { TrialRoutes.add(to: router, group: group) }
        let application = Application(
            router: router,
            eventLoopGroupProvider: .shared(group),
            logger: logger
        )
        var lifecycle = Lifecycle()
        lifecycle.idleExit = options.idleExit?.duration
        lifecycle.lameDuck = options.lameDuck.duration
        lifecycle.restartSignal = options.restartSignal?.signal
        lifecycle.longestRestart = options.restartTimeout.duration
        let certificate = try options.tlsFiles.map { try TLSCertificate($0) }
        lifecycle.reload = {
            // All of it or nothing.
            let loaded = try certificate?.read()
            try settings.reload()
            if let certificate, let loaded { certificate.use(loaded) }
        }
        try await application.runService(
            on: activation,
            serving: serving(options, certificate),
            drain: options.drain,
            lifecycle: lifecycle
        )
    }

    private static func serving(
        _ options: AppOptions,
        _ certificate: TLSCertificate?
    ) -> KeyValuePairs<String, Serving> {
        let http = Serving.http(upgrades: [Echo.upgrade])
        guard let certificate else { return [options.socketName: http] }
        return [options.socketName: http, options.tlsSocketName: .https(certificate, upgrades: [Echo.upgrade])]
    }

    private static func fail(_ message: String, status: CInt) -> Never {
        Logger(label: "app").error("\(message)")
        exit(status)
    }
}
