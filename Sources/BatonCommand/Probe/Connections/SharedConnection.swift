import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix

/// A connection of HTTP/2 that several clients share, each with one stream at a time; when it goes away, the next request has a
/// new one opened. Only to be used on its event loop.
final class SharedConnection {
    private let server: ServerAddress
    private let loop: any EventLoop
    private let timeout: Duration
    private let ledger: Ledger
    private let headers: HPACKHeaders
    private let lastStream: HTTP2StreamID
    private var current: HTTP2StreamHandler?
    /// Those that go away, until they are closed.
    private var retired: [HTTP2StreamHandler] = []
    private var clients = 0

    init(_ plan: ProbePlan, to server: ServerAddress, on loop: any EventLoop, ledger: Ledger) {
        (self.server, self.loop, timeout, self.ledger) = (server, loop, plan.timeout, ledger)
        lastStream = HTTP2StreamID(plan.lastStream)
        headers = [
            ":method": "GET", ":scheme": server.tls == nil ? "http" : "https", ":authority": plan.target.authority,
            ":path": plan.path, "user-agent": "baton-probe",
        ]
    }

    func join() { clients += 1 }

    /// A client has finished; with the last one the connections end.
    func leave() {
        clients -= 1
        guard clients == 0 else { return }
        for connection in retired + (current.map { [$0] } ?? []) { connection.close() }
    }

    /// Has the client connected as soon as it can begin a stream.
    func open(_ transport: StreamTransport) { (current ?? connect()).open(transport) }

    /// No more streams begin there, as the server wants it.
    func retire(_ connection: HTTP2StreamHandler, _ close: ServerClose) {
        if replace(connection) { ledger.close(close, .stream, of: 0) }
    }

    /// No more streams begin there.
    ///
    /// - Returns: Whether some would have.
    @discardableResult
    func replace(_ connection: HTTP2StreamHandler) -> Bool {
        guard connection === current else { return false }
        current = nil
        retired.append(connection)
        return true
    }

    func ended(_ connection: HTTP2StreamHandler) {
        if connection === current { current = nil }
        retired.removeAll { $0 === connection }
    }

    private func connect() -> HTTP2StreamHandler {
        let handler = HTTP2StreamHandler(headers, for: self, hasTLS: server.tls != nil, lastStream: lastStream)
        current = handler
        let bound = NIOLoopBound((server: server, handler: handler), eventLoop: loop)
        server.bootstrap(on: loop, timeout: timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try bound.value.server.prepare(channel)
                    let settings = [
                        HTTP2Setting(parameter: .enablePush, value: 0),
                        HTTP2Setting(parameter: .initialWindowSize, value: HTTP2StreamHandler.window),
                    ]
                    try channel.pipeline.syncOperations.addHandlers([
                        NIOHTTP2Handler(mode: .client, initialSettings: settings), bound.value.handler,
                    ])
                }
            }
            .connect(to: server.address)
            .assumeIsolated().whenFailure { handler.fail(ConnectionEnd($0)) }
        return handler
    }
}
