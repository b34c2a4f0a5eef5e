import NIOCore
import NIOHTTP2

/// One stream after the other on a connection of HTTP/2 that is shared with other clients.
final class StreamTransport: ProbeTransport {
    let client: ProbeClient
    private let shared: SharedConnection
    /// Where its stream is, or will be when there is room.
    var connection: HTTP2StreamHandler?
    var stream: HTTP2StreamID?
    /// The head of the response has been read: what comes with another is the end.
    var hasHead = false
    /// Bytes of the response that the server has not been given new window for.
    var consumed = 0

    init(for client: ProbeClient, on shared: SharedConnection) {
        (self.client, self.shared) = (client, shared)
        shared.join()
    }

    func connect() { shared.open(self) }

    /// The request has no body, so its head is all of it.
    func write(_ part: ClientMachine.Part) {
        if case .head = part { connection?.begin(self) }
    }

    func close() { connection?.cancel(self) }

    func leaveToServer() { connection?.cancel(self) }

    func end() { shared.leave() }
}
