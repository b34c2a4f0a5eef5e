import Baton
import BatonHTTP2
import BatonHummingbird
import BatonNIO
import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOHTTPTypes

/// Sets connections of an application up, when it is known what they speak.
struct HTTPProtocols: Sendable {
    private let http1: UpgradableChannel
    private let http2: HTTP2Channel
    private let context: Serving.Context
    private let goAwayLimit: TimeAmount
    /// How long a connection may be silent before it has shown what it speaks.
    let idleTimeout: TimeAmount?

    init(_ configuration: HTTP2Channel.Configuration, _ upgrades: [HTTP1Upgrade], _ context: Serving.Context) {
        idleTimeout = configuration.streamConfiguration.idleTimeout ?? configuration.idleTimeout.map { TimeAmount($0) }
        http1 = UpgradableChannel(configuration.streamConfiguration, upgrades, context)
        var configuration = configuration
        let handlers = configuration.streamConfiguration.additionalChannelHandlers
        configuration.streamConfiguration.additionalChannelHandlers = { [HTTP2StreamFront()] + handlers() }
        http2 = HTTP2Channel(responder: context.responder, configuration: configuration)
        self.context = context
        goAwayLimit = HTTP2DrainHandler.goAwayLimit(within: context.drain)
    }

    func setUpHTTP1(_ channel: any Channel) -> EventLoopFuture<Serving.Served> { http1.setUp(channel) }

    func setUpHTTP2(_ channel: any Channel) -> EventLoopFuture<Serving.Served> {
        http2.setup(channel: channel, logger: context.logger).flatMapThrowing { [http2, context] connection in
            try HTTP2DrainHandler.add(to: channel.pipeline.syncOperations, goAwayLimit: goAwayLimit)
            return { await http2.handle(value: connection, logger: context.logger) }
        }
    }

    /// Has a pipeline wait for its protocol; what is returned serves it when that is known.
    func negotiate(
        _ configure: () throws -> EventLoopFuture<Serving.Served>,
        on loop: () -> any EventLoop
    ) -> EventLoopFuture<Serving.Served> {
        let served: EventLoopFuture<Serving.Served>
        do {
            served = try configure()
        } catch {
            return loop().makeFailedFuture(error)
        }
        return loop().makeSucceededFuture { [logger = context.logger] in
            do {
                let serve = try await served.get()
                await serve()
            } catch {
                logger.debug("a connection ended before a request: \(error)")
            }
        }
    }
}

/// Puts a handler in front of a stream's pipeline, where frames are frames; it has no other part in it.
private final class HTTP2StreamFront: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart

    func handlerAdded(context: ChannelHandlerContext) {
        do {
            try context.pipeline.syncOperations.addHandler(HTTP2StreamDrainHandler(), position: .first)
        } catch {
            context.fireErrorCaught(error)
        }
    }
}
