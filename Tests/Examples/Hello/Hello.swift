import Baton
import BatonHummingbird
import Hummingbird

/// The program of README.md.
///
///     hello                                     listens on 127.0.0.1:8080
///     baton run --port 8080 --notify -- hello   the next version on HUP
///     systemd-socket-activate -l 8080 hello     as under a socket unit
@main struct App {
    @MainActor static func main() async throws {
        // First, while there is one thread: it clears the variables that passed the sockets.
        let activation = try Activation.take(elseBind: [.tcp(host: "127.0.0.1", port: 8080)])
        let router = Router()
        router.get("/") { _, _ in "hello" }
        let app = Application(router: router)
        try await app.runService(on: activation)
    }
}
