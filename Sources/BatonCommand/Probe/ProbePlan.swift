/// What to do, checked: every number is in its range, every mode has a client.
struct ProbePlan: Sendable {
    var target: ProbeTarget
    /// Of a target that is reached by TLS.
    var tls: TLSOptions?
    /// HTTP/2 with so many streams on each connection; nil for HTTP/1.1.
    var streams: Int?
    /// Clients of the load.
    var connections = 32
    /// Connections that are kept idle over each restart, besides the load.
    var idle = 0
    /// Clients that send their requests byte by byte, besides the load.
    var drip = 0
    /// From one byte to the next.
    var dripInterval: Duration = .milliseconds(100)
    /// WebSockets whose messages come back, besides the load.
    var webSockets = 0
    var webSocketPath = "/echo"
    var threads = 1
    var modes: [ProbeMode] = ProbeMode.load
    /// Requests per second and client; 0 is as fast as the server answers.
    var rate = 0.0
    /// Requests per second of the open loop, all clients together; nil for a closed loop.
    var arrivalRate: Double?
    /// Of `keep-alive-pause` between requests, of `connect-pause` between connect and request.
    var pause: Duration = .milliseconds(100)
    /// From the first to the last piece of a slow body.
    var bodyTime: Duration = .milliseconds(500)
    var longDuration: Duration = .seconds(2)
    /// Of one request, connect included.
    var timeout: Duration = .seconds(30)
    var path = "/"
    var expected: ExpectedBody = .pid
    /// A connection that the server closes of its own accord is a failure.
    var noClose = false
    var load: Load = .steady(.seconds(10))
    /// A page is made of the run.
    var hasPage = false

    struct TLSOptions: Equatable, Sendable {
        /// Any certificate will do.
        var isInsecure = false
        /// A file of those that are trusted, in place of the system's.
        var certificates: String?
    }

    enum Load: Sendable {
        case steady(Duration)
        case restarts(RestartPlan)
    }

    struct RestartPlan: Sendable {
        var command: String
        var count: Int
        /// From the start of one to the start of the next.
        var interval: Duration
        /// Undisturbed load before the first and after the last.
        var settle: Duration
        /// For one command, which is then killed.
        var timeout: Duration
    }

    /// The last stream of an HTTP/2 connection; the next request has another connection.
    var lastStream = Int32.max
    /// After a failed request a client waits this long, so that a server that refuses is not counted a million times.
    var pauseAfterFailure: Duration = .milliseconds(10)
    /// A request overlapping the time up to this long after a restart command has ended is around a restart.
    static let restartShadow: Duration = .seconds(1)
    /// From one order to an idle connection to the next: 10,000 of them take a second.
    static let orderSpacing: Duration = .microseconds(100)
    /// How long a first Ctrl-C lets the requests under way complete.
    static let interruptGrace: Duration = .seconds(5)
    /// An event loop thread that uses more than this part of a core measures itself rather than the server.
    static let busyLoop = 0.9
    /// An open loop that notices one request in a hundred later than this is not the load that was asked for.
    static let slipBound: Duration = .milliseconds(5)
    /// How many failures are told in detail.
    static let failuresTold = 10

    /// Between the starts of two requests of a client, at least.
    var spacing: Duration { rate > 0 ? .nanoseconds(Int64(1e9 / rate)) : .zero }

    var pauseBetweenPieces: Duration { bodyTime / max(1, ProbeRequest.slowPieces - 1) }

    /// As many as clients (each with a connection, and all but the idle ones with one left to the server) and event loops can
    /// have open. The kernel gives out the lowest free ones.
    var descriptors: Int { 2 * (connections + drip + webSockets) + idle + 8 * threads + 64 }

    /// By their number.
    var clients: [ProbeMode] {
        ProbeMode.assignment(of: modes, to: loadClients) + Array(repeating: .webSocket, count: webSockets)
            + Array(repeating: .drip, count: drip)
            + Array(repeating: .idle, count: idle)
    }

    /// A stream each, or a connection.
    var loadClients: Int { connections * (streams ?? 1) }

    /// The modes that have a client.
    var allModes: [ProbeMode] {
        modes + (webSockets > 0 ? [.webSocket] : []) + (drip > 0 ? [.drip] : []) + (idle > 0 ? [.idle] : [])
    }
}
