import ArgumentParser

/// What `baton doctor` can be told.
struct DoctorOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "The service, or its socket. (default: the only one with a socket unit that is not the distribution's)",
            valueName: "unit"
        )
    )
    var unit: String?

    @Flag(help: "Units of the user's own service manager.")
    var user = false

    @Option(
        help: ArgumentHelp(
            "Check the files in that system, which does not run: nothing is asked of a manager.",
            valueName: "folder"
        )
    )
    var root: String?

    @Option(
        name: .customLong("unit-path"),
        help: ArgumentHelp("Check the files in that folder, which are not installed. Repeatable.", valueName: "folder")
    )
    var unitPaths: [String] = []

    @Option(
        help: ArgumentHelp(
            "The systemd that will run files that are not installed. (default: this machine's, else 252)",
            valueName: "version"
        )
    )
    var systemd: Int?

    @Option(
        help: ArgumentHelp(
            "How long the program may take to end. (default: --drain-timeout in ExecStart=, else 30s, and its --lame-duck)",
            valueName: "time"
        ),
        transform: Self.span
    )
    var drainTimeout: TimeSpan?

    @Flag(help: "As JSON.")
    var json = false

    func validate() throws {
        if root != nil, !unitPaths.isEmpty { throw ValidationError("--root and --unit-path: give one of them") }
        if user, root != nil {
            throw ValidationError("--user and --root: give one of them; --unit-path names any folder")
        }
        if let systemd {
            guard root != nil || !unitPaths.isEmpty else {
                throw ValidationError(
                    "--systemd \(systemd): only with --root or --unit-path; else it is the one that runs"
                )
            }
            guard (200...9999).contains(systemd) else {
                throw ValidationError("--systemd \(systemd): it is a version, as in 252")
            }
        }
    }

    private static func span(_ text: String) throws -> TimeSpan {
        guard let span = TimeSpan(text), !span.isZero else {
            throw ValidationError("it is a number of seconds above 0, or has units (45s, 1m30s)")
        }
        return span
    }
}
