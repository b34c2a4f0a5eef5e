/// What a run showed, in the form of the JSON report: keys and their meaning are stable, units stand in the names, and
/// what there is not is null (`encode(to:)` where it can happen).
struct ProbeReport: Encodable, Sendable {
    static let formatVersion = 1

    struct Modes: Encodable, Sendable {
        var mode: String
        var clients: Int
        var issued: Int
        var recorded: Int
        var failed: Int
        /// By `OutcomeKind`, all of them.
        var outcomes: [String: Int]
        /// By `CleanClose`; no failures, no requests.
        var closedBeforeWritten: [String: Int]
        /// Connections that the server ended though their client had not asked for it, with or without loss.
        var closedConnections: Int
        /// Of these, by an answer that said `Connection: close`.
        var closedConnectionsAnnounced: Int
    }

    struct Latency: Encodable, Sendable {
        var responses: UInt64
        var p50Microseconds: UInt64
        var p99Microseconds: UInt64
        var p999Microseconds: UInt64
        var maxMicroseconds: UInt64
    }

    /// How well an open loop kept to its schedule.
    struct Arrivals: Encodable, Sendable {
        /// Requests per second, as asked for; 0 in a closed loop, and so are the others.
        var rate: Double
        /// How many became due.
        var scheduled: UInt64
        /// Of these, how many found no connection free.
        var waitedForConnection: Int
        /// From the time a request was due to the time the probe noticed; part of the latencies.
        var slip: Latency
    }

    struct Restart: Encodable, Sendable {
        var number: Int
        var startedAtSeconds: Double
        /// Absent if the probe ended before the command.
        var tookSeconds: Double?
        var ended: String
        var exitStatus: Int?
        var succeeded: Bool
        var longestGapMilliseconds: Double?
        var longestNewConnectionGapMilliseconds: Double?
    }

    struct Gaps: Encodable, Sendable {
        /// Over the restarts.
        var medianMilliseconds: Double?
        var worstMilliseconds: Double?
        /// The longest with no restart near, for comparison.
        var quietMilliseconds: Double?
    }

    struct Answerer: Encodable, Sendable {
        var pid: Int
        var responses: Int
        var firstSeenSeconds: Double
    }

    struct Failure: Encodable, Sendable {
        var atSeconds: Double
        var mode: String
        var kind: String
        var detail: String
    }

    var formatVersion = Self.formatVersion
    var target: String
    var connections: Int
    /// Of `--http2`; 0 without.
    var streamsPerConnection: Int
    /// Of `--websocket`.
    var websocketConnections: Int
    /// Of `--drip`.
    var dripConnections: Int
    var durationSeconds: Double
    var interrupted: Bool
    var exitStatus: Int32
    var addsUp: Bool
    /// A closed connection is a failure.
    var noClose: Bool
    /// Empty if there is none.
    var restartCommand: String
    var restartsAsked: Int
    var restartsFailed: Int
    var total: Modes
    var modes: [Modes]
    /// The modes whose latencies are measured; a pause of the client's own does not count.
    var latencyModes: [String]
    var latencySteady: Latency
    var latencyAroundRestarts: Latency
    var arrivals: Arrivals
    var probe: Own
    /// By mode, of those that send in pieces.
    var beingSentAtRestarts: [BeingSent]
    var idle: Idle
    var restarts: [Restart]
    var gaps: Gaps
    var newConnectionGaps: Gaps
    /// In order of first appearance.
    var pids: [Answerer]
    /// The first ten.
    var failures: [Failure]
}
