/// systemctl(1), of the system or of the user.
struct Systemctl {
    let isUser: Bool

    // In a process group of its own it could not read from the terminal.
    private var command: [String] { ["systemctl"] + (isUser ? ["--user"] : ["--no-ask-password"]) }

    /// For what waits for a job: the manager itself limits that (`TimeoutStartSec=`, `TimeoutStopSec=`).
    static let longestJob = Duration.seconds(86_400)

    /// Runs it.
    ///
    /// - Parameter limit: How long it may take.
    /// - Throws: ``ToolRun/Failure``, also if it has failed.
    @discardableResult
    func run(_ arguments: [String], limit: Duration = .seconds(30)) throws(ToolRun.Failure) -> String {
        let run = try ToolRun.run(command + arguments, limit: limit)
        guard run.status == 0 else {
            throw ToolRun.Failure(
                description: "\((command + arguments.prefix(1)).joined(separator: " ")): \(run.reason)"
            )
        }
        return run.output
    }

    /// Properties of a unit, or of the manager; those with several values have several.
    func show(_ unit: UnitName?, _ properties: [String]) throws(ToolRun.Failure) -> [String: [String]] {
        let output = try run(
            ["show", "--property=\(properties.joined(separator: ","))"] + (unit.map { ["--", "\($0)"] } ?? [])
        )
        return Self.properties(output)
    }

    static func properties(_ output: String) -> [String: [String]] {
        var properties: [String: [String]] = [:]
        for line in output.split(whereSeparator: \.isNewline) {
            guard let equals = line.firstIndex(of: "=") else { continue }
            properties[String(line[..<equals]), default: []].append(String(line[line.index(after: equals)...]))
        }
        return properties
    }

    /// The version of the manager that runs.
    func version() throws(ToolRun.Failure) -> Int {
        let text = try show(nil, ["Version"])["Version"]?.first ?? ""
        guard let version = Self.version(text) else {
            throw ToolRun.Failure(description: "systemctl show: Version '\(text)' is not understood")
        }
        return version
    }

    /// The version of the programs that are installed; nil without them.
    static let installedVersion: Int? = {
        // systemd 252 (252.39-1~deb12u2)
        guard let run = try? ToolRun.run(["systemctl", "--version"]), run.status == 0 else { return nil }
        return run.output.split(separator: " ").dropFirst().first.flatMap(version)
    }()

    private static func version(_ text: some StringProtocol) -> Int? {
        Int(text.prefix { $0.isASCII && $0.isNumber })
    }

    /// The folders in which the manager looks for units.
    func unitFolders() throws(ToolRun.Failure) -> UnitFolders {
        let paths = try show(nil, ["UnitPath"])["UnitPath"]?.first ?? ""
        return UnitFolders(paths.split(separator: " ").map(String.init))
    }

    /// The units that match one of the patterns and are active, or about to begin or end.
    func activeUnits(_ patterns: [String]) throws(ToolRun.Failure) -> [String] {
        try units(["--state=active,reloading,activating,deactivating"], matching: patterns).sorted()
    }

    /// The scopes that match a pattern.
    func scopes(_ pattern: String) throws(ToolRun.Failure) -> [String] {
        try units(["--type=scope", "--all"], matching: [pattern])
    }

    private func units(_ options: [String], matching patterns: [String]) throws(ToolRun.Failure) -> [String] {
        try run(["list-units"] + options + ["--plain", "--no-legend", "--"] + patterns)
            .split(whereSeparator: \.isNewline).compactMap { $0.split(separator: " ").first.map(String.init) }
    }
}
