/// How a server that is told to stop treats the connections it has.
public struct DrainConfiguration: Sendable, Hashable {
    /// How long the drain may take: what is left then is cut, and reported. Below the unit's `TimeoutStopSec=`.
    public var timeout: Duration
    /// How long an idle keep-alive connection is still served.
    ///
    /// Under a plain `systemctl restart` the successor starts only when this process has exited, so while a connection
    /// idles this delays it for everybody: keep it short there.
    public var linger: Duration

    /// Creates a configuration.
    ///
    /// - Parameters:
    ///   - timeout: How long the drain may take.
    ///   - linger: How long an idle keep-alive connection is still served in it.
    public init(timeout: Duration = .seconds(30), linger: Duration = .milliseconds(250)) {
        self.timeout = timeout
        self.linger = linger
    }
}
