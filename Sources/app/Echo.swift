import BatonNIO
import Hummingbird
import NIOCore

/// A WebSocket that sends each message back: `/echo`.
enum Echo {
    private static let path = "/echo"

    static var upgrade: HTTP1Upgrade {
        .webSocket(at: path) { socket in
            for try await message in socket.messages { try await socket.send(message) }
        }
    }

    /// What those are answered who do not ask for a WebSocket.
    static func add(to router: Router<BasicRequestContext>) {
        router.get(RouterPath(path)) { _, _ in
            Response(
                status: .upgradeRequired,
                headers: [.connection: "upgrade", .upgrade: "websocket", .contentType: "text/plain; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(string: "\(path) is a WebSocket\n"))
            )
        }
    }
}
