/// What `systemd-analyze security` says of a service: from 0, all is taken away that it does not need, to 10.
struct Exposure: Equatable {
    let score: Double

    /// From this on systemd-analyze(1) calls it MEDIUM, or worse.
    static let medium = 5.0

    /// - Parameter output: What it has written.
    init?(output: String) {
        // → Overall exposure level for app.service: 1.3 OK 🙂
        guard
            let line = output.split(whereSeparator: \.isNewline).last(where: { $0.contains("Overall exposure level") }),
            let text = line.split(separator: ": ").last?.split(separator: " ").first, let score = Double(text)
        else { return nil }
        self.score = score
    }

    init(score: Double) {
        self.score = score
    }

    /// Asks for it.
    ///
    /// - Parameters:
    ///   - unit: The service.
    ///   - folders: Where its files are; nil asks the running manager.
    static func read(of unit: Unit, in folders: UnitFolders?) throws(ToolRun.Failure) -> Exposure {
        var command = ["systemd-analyze", "security", "--no-pager"]
        var variables: [String: String] = [:]
        if let folders {
            command += ["--offline=true", "--", unit.path]
            // The colon adds the folders of this machine, for what the unit depends on.
            variables["SYSTEMD_UNIT_PATH"] = folders.folders.joined(separator: ":") + ":"
        } else {
            command += ["--", "\(unit.name)"]
        }
        let run = try ToolRun.run(command, variables: variables)
        guard run.status == 0, let exposure = Exposure(output: run.output) else {
            throw ToolRun.Failure(description: "systemd-analyze security: \(run.reason)")
        }
        return exposure
    }

    /// What there is to say of it.
    func finding(_ service: Unit) -> Finding? {
        guard score >= Self.medium else { return nil }
        return Finding(
            id: .exposure,
            unit: service.name,
            message:
                "may do much that it does not need to: exposure \(score) of 10; `baton units --hardening strict` shows what "
                + "can be taken away",
            command: "systemd-analyze security \(service.name)",
            file: service.path,
            source: "systemd-analyze(1), security"
        )
    }
}
