import Foundation
public import SystemdTestKit

/// What of the JSON report of `baton probe` the cases look at.
public struct ProbeReport: Decodable, Sendable {
    /// All modes together.
    public struct Total: Decodable, Sendable {
        /// Requests begun.
        public let issued: Int
        /// Requests that ended some way.
        public let recorded: Int
        /// Requests that did not get a right and complete answer.
        public let failed: Int
        /// Requests by how they ended.
        public let outcomes: [String: Int]
        /// Idle connections that the server closed before a request was written to them.
        public let closedBeforeWritten: [String: Int]
        /// Connections that the server closed though their client had not asked for it, with or without loss.
        public let closedConnections: Int
    }

    /// What became of the connections of `--idle`.
    public struct Idle: Decodable, Sendable {
        /// All restarts together.
        public let total: Round
        /// In their order.
        public let restarts: [Round]
    }

    /// What became of the idle connections at one restart.
    public struct Round: Decodable, Sendable {
        /// Open and idle when the restart command began.
        public let connections: Int
        /// Answered after it, and still open when the next restart began or the run ended.
        public let survived: Int
        /// Answered by another process than before.
        public let answeredByNewProcess: Int
        /// Answered by the same process as before.
        public let answeredByOldProcess: Int
    }

    /// Requests of one mode of which a part was sent when a restart began.
    public struct BeingSent: Decodable, Sendable {
        /// `slow-body` or `drip`.
        public let mode: String
        /// How many there were, over all restarts.
        public let requests: Int
        /// Answered by a process that had not answered before the restart began.
        public let answeredByNewProcess: Int
        /// Answered by one that had.
        public let answeredByOldProcess: Int
        /// Not answered as they should be.
        public let unanswered: Int
    }

    /// One run of the restart command.
    public struct Restart: Decodable, Sendable {
        /// Whether the command exited with 0.
        public let succeeded: Bool
        /// How long it ran.
        public let tookSeconds: Double
        /// The longest time without a good response to a request on a new connection.
        public let longestNewConnectionGapMilliseconds: Double?
    }

    /// A process that answered.
    public struct Answerer: Decodable, Sendable {
        /// Its number, as its answers say.
        public let pid: Int
    }

    /// All modes together.
    public let total: Total
    /// The connections of `--idle`.
    public let idle: Idle
    /// Requests that were being sent when a restart began, by mode.
    public let beingSentAtRestarts: [BeingSent]
    /// Each run of the restart command.
    public let restarts: [Restart]
    /// The processes that answered.
    public let pids: [Answerer]
}

extension Machine {
    /// Runs `baton probe` in the machine against a server, restarting its service if asked to.
    ///
    /// - Parameters:
    ///   - server: Whom to send requests.
    ///   - options: Options of `baton probe`, besides the target and `--json`; `--restart` is for another command than
    ///     `systemctl restart`.
    ///   - restarts: How often to restart the service.
    ///   - interval: Seconds from the start of one restart to the start of the next.
    ///   - seconds: The time after which the probe is killed.
    /// - Returns: The exit status and what was written, and the report.
    /// - Throws: ``MachineError``, if it did not end in time or wrote no report.
    public func probe(
        _ server: Server,
        _ options: [String],
        restarts: Int = 0,
        interval: Double = 1,
        seconds: Int
    ) async throws -> (result: CommandResult, report: ProbeReport) {
        var options = options
        if restarts > 0, !options.contains("--restart") {
            options += ["--restart", "systemctl restart \(server.service)"]
        }
        return try await probe(
            port: server.units.port,
            options,
            restarts: restarts,
            interval: interval,
            seconds: seconds
        )
    }

    /// The same against whatever listens on a port of loopback; with restarts, `--restart` is among the options.
    public func probe(
        port: UInt16,
        _ options: [String],
        restarts: Int = 0,
        interval: Double = 1,
        seconds: Int
    ) async throws -> (result: CommandResult, report: ProbeReport) {
        let file = "/run/probe.json"
        var command = ["/usr/local/bin/baton", "probe", "http://127.0.0.1:\(port)", "--json", file] + options
        if restarts > 0 { command += ["--restarts", "\(restarts)", "--interval", "\(interval)"] }
        let result = try await run(command, seconds: seconds)
        guard let json = FileManager.default.contents(atPath: path(file)) else {
            throw MachineError("\(command.joined(separator: " ")) wrote no report: \(result)")
        }
        try FileManager.default.removeItem(atPath: path(file))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return (result, try decoder.decode(ProbeReport.self, from: json))
    }
}
