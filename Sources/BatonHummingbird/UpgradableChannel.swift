internal import Baton
package import BatonNIO
package import HummingbirdCore
internal import Logging
package import NIOCore
internal import NIOHTTPTypesHTTP1

/// Hummingbird's HTTP/1.1 channel, with a drain, and with other protocols to which clients can change.
package struct UpgradableChannel: Sendable {
    private let child: HTTP1Channel
    /// The application's handlers: Hummingbird itself adds none, because they have to leave at an upgrade.
    private let additionalHandlers: @Sendable () -> [any RemovableChannelHandler]
    private let upgrades: [HTTP1Upgrade]
    private let context: Serving.Context
    private let report: LimitedReport

    package init(_ http1: HTTP1Channel.Configuration, _ upgrades: [HTTP1Upgrade], _ context: Serving.Context) {
        var configuration = http1
        configuration.additionalChannelHandlers = { [] }
        self.additionalHandlers = http1.additionalChannelHandlers
        self.child = HTTP1Channel(responder: context.responder, configuration: configuration)
        self.upgrades = upgrades
        self.context = context
        self.report = LimitedReport { [logger = context.logger] in logger.warning("\($0)") }
    }

    /// Configures a connection's pipeline, or the part of it behind TLS, on its event loop.
    @Sendable package func setUp(_ channel: any Channel) -> EventLoopFuture<Serving.Served> {
        child.setup(channel: channel, logger: context.logger).flatMapThrowing { [self] connection in
            let pipeline = channel.pipeline.syncOperations
            let codec = try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
            let drain = HTTP1DrainHandler(
                linger: context.linger,
                requestGrace: context.requestGrace,
                report: report.callAsFunction
            )
            try pipeline.addHandler(drain, position: .before(codec))
            let upgraded = try upgradable(pipeline, codec)
            return {
                await child.handle(value: connection, logger: context.logger)
                await upgraded?.waitForEnd()
            }
        }
    }

    /// Also where there is no upgrade: SwiftNIO's decoder reads nothing behind a request that asks for one, and its client has to know.
    private func upgradable(
        _ pipeline: ChannelPipeline.SynchronousOperations,
        _ codec: HTTP1ToHTTPServerCodec
    ) throws -> UpgradeTask? {
        let handlers = additionalHandlers()
        try pipeline.addHandlers(handlers, position: .after(codec))
        let task = upgrades.isEmpty ? nil : context.upgradeTasks.makeTask()
        let handler = HTTP1UpgradeHandler(
            upgrades: upgrades,
            removing: handlers + [codec, try pipeline.handler(type: HTTPConnectionStateHandler.self)],
            drainTimeout: context.drain.timeout,
            report: report.callAsFunction,
            start: { work in task?.start(work) }
        )
        try pipeline.addHandler(handler, position: .before(codec))
        return task
    }
}
