/// Why a server's drain begins.
public enum StopReason: Sendable, Hashable {
    /// It was told to stop.
    case requested
    /// It was told to stop, and that a successor follows.
    case restarting
    /// No connection has been open, and none accepted, for that long.
    case idle(Duration)
    /// Its only connections were those it was started with (`Accept=yes` of a socket unit), and the last has closed.
    case connectionsEnded
    /// Another process, of that number, has taken the sockets over and serves.
    case handedOver(pid: CInt)
    /// The task that runs it was cancelled: nothing is waited for.
    case cancelled
}
