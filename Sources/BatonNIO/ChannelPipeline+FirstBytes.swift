public import NIOCore

extension ChannelPipeline.SynchronousOperations {
    /// Has the rest of a pipeline configured when the client's first bytes show what it speaks.
    ///
    /// They are looked at once for each connection. In a drain, a connection whose client has sent nothing is served for the
    /// linger, then closed; one that has sent too little to tell has the grace.
    ///
    /// - Parameters:
    ///   - linger: How long a drain waits for the first bytes.
    ///   - requestGrace: How long it waits for more where they do not suffice.
    ///   - idleTimeout: How long is waited for them while serving; nil is without limit.
    ///   - configure: Adds the handlers of the protocol at the end of the pipeline, before it returns; they then find the channel
    ///     active. Called on the event loop.
    /// - Returns: What `configure` has returned, when the first bytes have come; it fails if none come.
    /// - Throws: If the pipeline's channel is closed.
    public func configureByFirstBytes<Connection: Sendable>(
        linger: TimeAmount,
        requestGrace: TimeAmount = .seconds(5),
        idleTimeout: TimeAmount? = nil,
        configure: @escaping @Sendable (FirstBytes) -> EventLoopFuture<Connection>
    ) throws -> EventLoopFuture<Connection> {
        let promise = eventLoop.makePromise(of: Connection.self)
        let handler = UndecidedHandler<FirstBytes, Connection>(
            patience: .init(serving: idleTimeout, linger: linger, grace: requestGrace),
            signs: .init(bytes: { FirstBytes($0) }, event: { _ in nil }, end: .http1, waitsFor: "its first bytes"),
            promise: promise,
            configure: configure
        )
        do {
            try addHandler(handler)
        } catch {
            promise.fail(error)
            throw error
        }
        return promise.futureResult
    }
}
