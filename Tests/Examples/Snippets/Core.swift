import Baton
import Systemd

/// What the pages of Systemd and Baton show.
enum CoreSnippets {
    static func systemd(serve: (CInt) throws -> Void) throws {
        // First, while there is one thread: both change the environment.
        let notifier = ServiceNotifier.take()
        var sockets = try ListenSockets.takeInherited()

        let listener = try sockets.takeOnly("http").release()
        notifier.send(.ready)
        try serve(listener)
        notifier.send(.stopping)
    }

    static func baton(accept: (CInt) -> Void) throws {
        // First, while there is one thread: it clears the variables that passed the sockets.
        let activation = try Activation.take(elseBind: [.tcp(host: "127.0.0.1", port: 8080)])
        let notifier = activation.notifier
        var sockets = try activation.claim("http") { print("nobody serves \($0), so it is closed") }
        while let socket = sockets.popFirst() { accept(socket.release()) }
        notifier.send(.ready)
    }
}
