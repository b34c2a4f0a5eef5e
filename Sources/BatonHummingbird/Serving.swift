internal import BatonNIO
public import HummingbirdCore
package import Logging
package import NIOCore
internal import NIOHTTPTypesHTTP1

/// What an application speaks on the sockets of one name.
///
/// HTTP/2 and TLS are in the module `BatonHummingbirdHTTP2`: who does without does not build BoringSSL.
public struct Serving: Sendable {
    /// What is served, and how its connections end.
    package struct Context: Sendable {
        /// Answers requests.
        package var responder: HTTPChannelHandler.Responder
        /// How long an idle connection is still served in a drain.
        package var linger: TimeAmount
        /// How long a drain may take.
        package var timeout: TimeAmount
        /// Where it is said what happens.
        package var logger: Logger
    }

    /// Serves a connection that is set up, and returns when it is closed.
    package typealias Served = @Sendable () async -> Void
    /// Configures a connection's pipeline, on its event loop, at once.
    package typealias SetUp = @Sendable (any Channel) -> EventLoopFuture<Served>

    package let make: @Sendable (Context) throws -> SetUp

    package init(make: @escaping @Sendable (Context) throws -> SetUp) {
        self.make = make
    }

    /// HTTP/1.1.
    ///
    /// - Parameter configuration: The configuration of the channels.
    public static func http1(_ configuration: HTTP1Channel.Configuration = .init()) -> Serving {
        Serving { context in
            let http1 = HTTP1Channel(responder: context.responder, configuration: configuration)
            return { channel in http1.setUp(channel, context) }
        }
    }
}

extension HTTP1Channel {
    /// Configures a pipeline, or the part of it behind TLS, so that a drain loses no request.
    package func setUp(_ channel: any Channel, _ context: Serving.Context) -> EventLoopFuture<Serving.Served> {
        setup(channel: channel, logger: context.logger).flatMapThrowing { connection in
            let pipeline = channel.pipeline.syncOperations
            let codec = try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
            try pipeline.addHandler(HTTP1DrainHandler(linger: context.linger), position: .before(codec))
            return { await handle(value: connection, logger: context.logger) }
        }
    }
}
