package import Baton
public import BatonNIO
public import HummingbirdCore
package import Logging
package import NIOCore

/// What an application speaks on the sockets of one name.
///
/// HTTP/2 and TLS are in the module `BatonHummingbirdHTTP2`: who does without does not build BoringSSL.
public struct Serving: Sendable {
    /// What is served, and how its connections end.
    package struct Context: Sendable {
        /// Answers requests.
        package var responder: HTTPChannelHandler.Responder
        /// How a drain goes.
        package var drain: DrainConfiguration
        /// Starts the tasks of connections that change to another protocol.
        package var upgradeTasks: UpgradeTasks
        /// Where it is said what happens.
        package var logger: Logger

        /// How long an idle connection is still served in a drain.
        package var linger: TimeAmount { TimeAmount(drain.linger) }
        /// How long a drain waits for the rest of what a client has begun to send.
        package var requestGrace: TimeAmount { TimeAmount(drain.requestGrace) }
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
    /// - Parameters:
    ///   - configuration: The configuration of the channels.
    ///   - upgrades: Other protocols to which a client can change its connection.
    public static func http1(
        _ configuration: HTTP1Channel.Configuration = .init(),
        upgrades: [HTTP1Upgrade] = []
    ) -> Serving {
        Serving { context in UpgradableChannel(configuration, upgrades, context).setUp }
    }
}
