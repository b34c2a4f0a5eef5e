import NIOCore
import NIOHTTP1
import NIOWebSocket

/// The handshake of a WebSocket (RFC 6455, 4), and the pipeline after it.
enum WebSocketUpgrade {
    /// Longer than anything the probe sends.
    private static let limit = 1 << 16

    /// Before `handler` is added, which says the handshake's request.
    static func add(to pipeline: ChannelPipeline.SynchronousOperations, for handler: ConnectionHandler) throws {
        let bound = NIOLoopBound(handler, eventLoop: pipeline.eventLoop)
        let upgrader = NIOWebSocketClientUpgrader(maxFrameSize: limit, automaticErrorHandling: false) { channel, _ in
            let pipeline = channel.pipeline.syncOperations
            // It was before the frames' decoder, and comes after it again.
            return pipeline.removeHandler(bound.value).assumeIsolated().flatMapThrowing {
                let aggregator = NIOWebSocketFrameAggregator(
                    minNonFinalFragmentSize: 0,
                    maxAccumulatedFrameCount: 64,
                    maxAccumulatedFrameSize: limit
                )
                try pipeline.addHandlers([aggregator, WebSocketEchoHandler(), bound.value])
                bound.value.connected()
            }.nonisolated()
        }
        try pipeline.addHTTPClientHandlers(
            leftOverBytesStrategy: .forwardBytes,
            withClientUpgrade: (upgraders: [upgrader], completionHandler: { _ in })
        )
    }
}
