/// What a server tells each of its connections, as an inbound user event of the channel's pipeline.
///
/// A handler of another protocol than HTTP/1.1 listens for it to end its connections in its own way.
public enum DrainEvent: Sendable {
    /// Another process takes connections over: a handler that can give its connection away keeps the offer until ``began`` comes, right
    /// after this. One that cannot ignores it.
    case handOver(ConnectionOffer)
    /// The server stops: end the connection after what has begun.
    case began
    /// Somebody asks what the connection is at: `answer` takes it, before the handler returns. Of several answers the first
    /// counts, and a connection that gives none counts as one with a request.
    case census(answer: @Sendable (ConnectionCensus) -> Void)
    /// The deadline has come: the channel is closed right after this event. `report` takes a line for the log that says
    /// what is lost.
    case cut(report: @Sendable (String) -> Void)
}
