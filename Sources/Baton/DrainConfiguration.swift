/// How a server that is told to stop treats the connections it has.
///
/// Durations are brought into the range from nothing to ten years: a longer one is as good as none.
public struct DrainConfiguration: Sendable, Hashable {
    private static let longest = Duration.seconds(10 * 365 * 86_400)

    /// How long the drain may take: what is left then is cut, and reported. Below the unit's `TimeoutStopSec=`.
    public var timeout: Duration {
        didSet { timeout = Self.bounded(timeout) }
    }

    /// How long a connection is still served while its client is silent, having just connected or had an answer.
    ///
    /// Under a plain `systemctl restart` the successor starts only when this process has exited, so while a connection
    /// idles this delays it for everybody: keep it short there.
    public var linger: Duration {
        didSet { linger = Self.bounded(linger) }
    }

    /// How long a client that is sending a request is waited for, and a second more for each 500 bytes that it sends: then its connection
    /// is cut, and reported. So a client that sends a byte a second keeps nobody waiting until the ``timeout``, and a long upload
    /// that goes on may take all of it. A TLS handshake that has begun has this time, too.
    ///
    /// It is for HTTP/1.1. An HTTP/2 client that sends nothing may have been told to wait (flow control), which cannot be seen: its
    /// requests have the time until the ``timeout``.
    public var requestGrace: Duration {
        didSet { requestGrace = Self.bounded(requestGrace) }
    }

    /// Creates a configuration.
    ///
    /// - Parameters:
    ///   - timeout: How long the drain may take.
    ///   - linger: How long an idle connection is still served in it.
    ///   - requestGrace: How long a client that is sending a request is waited for, besides what its bytes are worth.
    public init(
        timeout: Duration = .seconds(30),
        linger: Duration = .milliseconds(250),
        requestGrace: Duration = .seconds(5)
    ) {
        self.timeout = Self.bounded(timeout)
        self.linger = Self.bounded(linger)
        self.requestGrace = Self.bounded(requestGrace)
    }

    private static func bounded(_ duration: Duration) -> Duration {
        min(max(duration, .zero), longest)
    }
}
