/// What is asked of the service manager in a rollover.
struct InstanceManager {
    /// What there is to know of an instance.
    struct State {
        let active: String
        let result: String
        let restarts: Int
        let isJobWaiting: Bool
        let pid: CInt
        let group: String

        /// Nothing where it is started again already, which makes that a success.
        var why: String { result == "success" ? "" : " (Result=\(result))" }
    }

    let systemctl: Systemctl

    func state(of unit: UnitName) throws(ToolRun.Failure) -> State {
        let names = ["ActiveState", "Result", "NRestarts", "Job", "MainPID", "ControlGroup"]
        let values = try systemctl.show(unit, names).mapValues { $0.first ?? "" }
        return State(
            active: values["ActiveState"] ?? "",
            result: values["Result"] ?? "",
            restarts: Int(values["NRestarts"] ?? "") ?? 0,
            isJobWaiting: !["", "0"].contains(values["Job"] ?? ""),
            pid: CInt(values["MainPID"] ?? "") ?? 0,
            group: values["ControlGroup"] ?? ""
        )
    }

    /// Does not wait: with `RestartMode=direct` a job of a program that fails again and again has no end.
    func begin(_ unit: UnitName) throws(ToolRun.Failure) {
        try systemctl.run(["start", "--no-block", "--", "\(unit)"])
    }

    /// Waits until it is ready.
    func start(_ unit: UnitName) throws(ToolRun.Failure) {
        try systemctl.run(["start", "--", "\(unit)"], limit: Systemctl.longestJob)
    }

    /// Waits until it has drained.
    func stop(_ unit: UnitName) throws(ToolRun.Failure) {
        try systemctl.run(["stop", "--", "\(unit)"], limit: Systemctl.longestJob)
    }

    /// Forgets that it has failed, if it has.
    func forgetFailure(of unit: UnitName) throws(ToolRun.Failure) {
        guard try state(of: unit).active == "failed" else { return }
        try systemctl.run(["reset-failed", "--", "\(unit)"])
    }

    /// Has the manager read the sockets' files again.
    ///
    /// - Throws: ``ToolRun/Failure``, also if connections do not start the instance then.
    func reload(_ sockets: [UnitName], starting unit: UnitName) throws(ToolRun.Failure) {
        try systemctl.run(["daemon-reload"])
        for socket in sockets {
            let setting = try StartedInstance.setting(of: socket, systemctl)
            guard setting == "\(unit)" else {
                throw ToolRun.Failure(
                    description:
                        "\(socket) starts '\(setting)' and not \(unit), as \(StartedInstance.file) says: another "
                        + "drop-in sets Service= (systemctl cat \(socket))"
                )
            }
        }
    }

    /// Has this one started at boot, and not the other.
    func enable(_ unit: UnitName, insteadOf other: UnitName) throws(ToolRun.Failure) {
        // This order: with Also=, disabling disables the sockets, too.
        try systemctl.run(["disable", "--", "\(other)"])
        try systemctl.run(["enable", "--", "\(unit)"])
    }
}
