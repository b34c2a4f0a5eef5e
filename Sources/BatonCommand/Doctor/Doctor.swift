import Systemd

/// Finds the units, examines them, and reports.
struct Doctor {
    private let options: DoctorOptions
    private let folders: UnitFolders
    private let systemd: Int
    /// Nil where only files are looked at.
    private let systemctl: Systemctl?
    private var unchecked: [Examination.Unchecked] = []

    init(_ options: DoctorOptions) throws(ToolRun.Failure) {
        self.options = options
        if options.root != nil || !options.unitPaths.isEmpty {
            folders =
                options.root.map { UnitFolders(root: $0 == "/" ? "" : $0) } ?? UnitFolders(options.unitPaths)
            systemctl = nil
            systemd = options.systemd ?? Systemctl.installedVersion ?? Self.normalVersion
            let given = options.root == nil ? "--unit-path" : "--root"
            unchecked.append(.init(what: Self.running, why: "with \(given) only files are looked at"))
            return
        }
        let systemctl = Systemctl(isUser: options.user)
        let running: (systemd: Int, folders: UnitFolders)
        do {
            running = (try systemctl.version(), try systemctl.unitFolders())
            self.systemctl = systemctl
        } catch {
            self.systemctl = nil
            running = (Systemctl.installedVersion ?? Self.normalVersion, Self.usualFolders(isUser: options.user))
            unchecked.append(.init(what: Self.running, why: error.description))
        }
        (systemd, folders) = running
    }

    private static func usualFolders(isUser: Bool) -> UnitFolders {
        guard isUser else { return UnitFolders(root: "") }
        return .user(
            home: environmentValue("HOME") ?? "/root",
            runtime: environmentValue("XDG_RUNTIME_DIR") ?? "/run/user/0"
        )
    }

    private static let normalVersion = 252
    private static let running = "how it runs (sockets, backlogs, old generations)"

    func report() throws -> DoctorReport {
        let finder = UnitFinder(folders: folders)
        let found = try options.unit.map(finder.find) ?? finder.findOnly()
        let unchecked =
            unchecked + found.unreadable.map { .init(what: "a socket unit, of this service or another", why: "\($0)") }
        guard let service = found.service else { return missing(found, unchecked) }
        var examination = Examination(
            service: service,
            sockets: found.sockets,
            systemd: systemd,
            runtimeDirectory: options.user ? environmentValue("XDG_RUNTIME_DIR") ?? "%t" : "/run",
            drain: options.drainTimeout
        )
        examination.unchecked += unchecked
        if let systemctl {
            var unchecked: [Examination.Unchecked] = []
            examination.live = try LiveState.read(examination, systemctl, unchecked: &unchecked)
            examination.unchecked += unchecked
        }
        do { examination.exposure = try exposure(of: service) } catch {
            examination.unchecked.append(.init(what: "the exposure", why: error.description))
        }
        return DoctorReport(
            service: service.name,
            sockets: found.sockets.map(\.name),
            systemd: systemd,
            exposure: examination.exposure?.score,
            findings: examination.findings().map(forUser),
            unchecked: examination.unchecked
        )
    }

    private func exposure(of service: Unit) throws(ToolRun.Failure) -> Exposure {
        guard !options.user else {
            throw ToolRun.Failure(description: "systemd-analyze security counts what a user's manager cannot take away")
        }
        // A template does not run, so nobody can be asked about it.
        return try Exposure.read(of: service, in: systemctl == nil || service.name.isTemplate ? folders : nil)
    }

    private func missing(_ found: UnitFinder.Found, _ unchecked: [Examination.Unchecked]) -> DoctorReport {
        let findings = found.sockets.map { socket in
            Finding(
                .serviceMissing,
                socket,
                "is for \(found.name), which is not there: connections wait, or are refused, and nobody answers"
                    + (socket.boolean(.accept) ? "; with Accept=yes it is a template" : ""),
                run: "baton units --name \(found.name.prefix) … (writes a pair of units)",
                source: "systemd.socket(5), \(socket.boolean(.accept) ? "Accept=" : "Service=")"
            )
        }
        return DoctorReport(
            service: found.name,
            sockets: found.sockets.map(\.name),
            systemd: systemd,
            exposure: nil,
            findings: findings,
            unchecked: unchecked
        )
    }

    /// With the commands for the user's manager.
    private func forUser(_ finding: Finding) -> Finding {
        guard options.user else { return finding }
        var finding = finding
        finding.command = finding.command?.replacing("systemctl ", with: "systemctl --user ")
        return finding
    }
}
