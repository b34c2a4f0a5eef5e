import ArgumentParser
import ArticleRoutes
import Baton
import BatonHummingbird
import Hummingbird
import JournalLogging
import Logging
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
        LoggingSystem.bootstrap { label in JournalLogHandler(label: label) }
        let logger = Logger(label: "app")
        do {
            let activation = try Activation.take(elseBind: options.addresses, named: options.socketName)
            logger.info("pid \(getpid()), version \(ArticleRouter.version)")
            for socket in activation.sockets.descriptions {
                logger.info(
                    "socket \(socket.localAddress.map(String.init(describing:)) ?? "(no address)"): \(activation.origin), \(socket.name)[\(socket.index)]"
                )
            }
            let application = Application(router: ArticleRouter.make(start: start), logger: logger)
            try await application.runService(on: activation, named: options.socketName, drain: options.drain)
        } catch let error as ListenSocketError {
            let options = error.code == .cannotBind ? " (set by --hostname, --port and --unix)" : ""
            logger.error("\(error)\(options)")
            exit(EX_CONFIG)
        } catch {
            logger.error("\(error)")
            exit(EXIT_FAILURE)
        }
    }
}
