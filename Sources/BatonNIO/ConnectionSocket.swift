internal import CProcess
package import NIOCore

/// What the kernel and the channel know of a connection's bytes.
package enum ConnectionSocket {
    /// Whether bytes wait in the kernel. Under TLS they need not be a request's: it only defers what would lose one.
    package static func hasUnread(_ context: ChannelHandlerContext) -> Bool {
        let unread = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self,
            cprocess_unread
        )
        return (unread ?? 0) > 0
    }

    /// How many bytes of responses have not left the process.
    package static func unsent(_ context: ChannelHandlerContext) -> Int {
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    /// How many have, and the client has not acknowledged them.
    package static func inKernel(_ context: ChannelHandlerContext) -> Int {
        let count = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self,
            cprocess_unsent
        )
        return max(0, Int(count ?? 0))
    }
}
