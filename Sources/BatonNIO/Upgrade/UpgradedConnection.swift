public import NIOCore
public import NIOHTTP1

/// A connection that has changed to another protocol and has no handlers for it yet. To be used on its event loop.
public struct UpgradedConnection {
    /// Its channel. Handlers are added by ``addHandlers(_:)``: behind them, HTTP is still there, and silent.
    public let channel: any Channel
    /// The request by which it has changed.
    public let request: HTTPRequestHead
    /// How long a drain of the server may take; nil if that is not known.
    public let drainTimeout: Duration?
    /// Takes a line for the log about a connection that a drain has ended before its time.
    public let report: @Sendable (String) -> Void
    let wall: HTTP1UpgradeHandler

    /// Adds handlers to the end of the new protocol's pipeline, in this order.
    ///
    /// One of them should listen for ``DrainEvent``, as ``DrainNoticeHandler`` does: nothing else ends the connection in a drain
    /// but its deadline.
    public func addHandlers(_ handlers: any ChannelHandler...) throws {
        try channel.pipeline.syncOperations.addHandlers(handlers, position: .before(wall))
    }
}

@available(*, unavailable)
extension UpgradedConnection: Sendable {}
