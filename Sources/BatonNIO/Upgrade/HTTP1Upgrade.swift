public import NIOCore
public import NIOHTTP1

/// Another protocol to which a client can change its HTTP/1.1 connection (RFC 9110, 7.8): who may, and what then becomes of it.
///
/// A client must not send anything in the new protocol before it has the response 101: that is lost.
public struct HTTP1Upgrade: Sendable {
    /// What a request for an upgrade is answered with.
    public enum Answer: Sendable {
        /// There is no such thing where the request asks for it: it is answered as any other request, with `Connection: close`.
        case notHere
        /// The request is wrong: it is answered with this status, these headers and the reason as text.
        case refused(HTTPResponseStatus, headers: HTTPHeaders = [:], reason: String)
        /// The connection changes, and the response 101 has these headers besides `Connection` and `Upgrade`.
        ///
        /// `setUp` builds the pipeline of the new protocol, on the channel's event loop. It may return work for a task, which
        /// is cancelled at the drain's deadline. If it throws, the connection is closed.
        case accepted(headers: HTTPHeaders, setUp: @Sendable (UpgradedConnection) throws -> Work?)
    }

    /// What a connection's task does; the drain waits for its end.
    public typealias Work = @Sendable () async -> Void

    /// The name of the protocol in the header `Upgrade`, in lower case.
    public let name: String
    let decide: @Sendable (HTTPRequestHead, any Channel) -> EventLoopFuture<Answer>

    /// An upgrade that takes its time to decide.
    ///
    /// - Parameters:
    ///   - name: The name of the protocol in the header `Upgrade`.
    ///   - decide: Called on the connection's event loop; a future that fails is answered with 500.
    public init(
        to name: String,
        deciding decide: @escaping @Sendable (HTTPRequestHead, any Channel) -> EventLoopFuture<Answer>
    ) {
        self.name = name.lowercased()
        self.decide = decide
    }

    /// An upgrade that is decided at once.
    ///
    /// - Parameters:
    ///   - name: The name of the protocol in the header `Upgrade`.
    ///   - answer: Called on the connection's event loop.
    public init(to name: String, answer: @escaping @Sendable (HTTPRequestHead) -> Answer) {
        self.init(to: name) { head, channel in channel.eventLoop.makeSucceededFuture(answer(head)) }
    }
}
