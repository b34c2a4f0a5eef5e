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
    }

    /// One run of the restart command.
    public struct Restart: Decodable, Sendable {
        /// Whether the command exited with 0.
        public let succeeded: Bool
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
        let file = "/run/probe.json"
        let target = "http://127.0.0.1:\(server.units.port)"
        var command = ["/usr/local/bin/baton", "probe", target, "--json", file] + options
        if restarts > 0 {
            if !options.contains("--restart") { command += ["--restart", "systemctl restart \(server.service)"] }
            command += ["--restarts", "\(restarts)", "--interval", "\(interval)"]
        }
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
