/// The application's `server:` is one that cannot be run on activated sockets.
///
/// Hummingbird gives its child channels to nobody but its own server, so all that can be told is what kind one is.
public struct UnsupportedServerError: Error, Sendable, CustomStringConvertible {
    /// What the application has, and what to do.
    public let description: String

    init(_ server: any Sendable) {
        description =
            "the application's server: is \(type(of: server)), and only .http1() can be run on activated sockets; "
            + "serving it as plain HTTP/1.1 would not be what it asks for: make it .http1(), and say with serving: what "
            + "the sockets speak; .http() and .https(…) are in BatonHummingbirdHTTP2"
    }
}
