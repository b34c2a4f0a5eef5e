import ArgumentParser

/// What `baton rollover` can be told.
struct RolloverOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The template's name, without @: app is for app@a.service and app@b.service."))
    var name: String

    @Option(
        help: ArgumentHelp("For how long both serve, and the new one is checked. (default: 2s)", valueName: "time"),
        transform: Self.duration
    )
    var canary = Duration.seconds(2)

    @Option(help: ArgumentHelp("What is asked for over HTTP/1.1.", valueName: "path"))
    var healthPath = "/health"

    @Option(
        help: ArgumentHelp(
            "Where to ask; with https the certificate is not verified. (default: the first address of the sockets)",
            valueName: "http[s]://host:port"
        )
    )
    var url: String?

    @Option(
        help: ArgumentHelp(
            "A shell command that checks the new instance instead: $INSTANCE is its unit, $MAINPID its process. Any exit "
                + "status but 0 is a failure, and so is more than 30 s.",
            valueName: "command"
        )
    )
    var check: String?

    @Flag(help: "Units of the user's own service manager.")
    var user = false

    @Flag(help: "Only say which instance serves, and which one connections start.")
    var status = false

    /// The template's name.
    func template() throws -> Substring {
        guard let unit = UnitName(name), unit.instance == nil, unit.description == "\(name).service" else {
            throw ValidationError("'\(name)': it is a template's name without @ and what follows, as in app")
        }
        return unit.stem
    }

    /// Where to ask, if that is told.
    func target() throws -> ProbeTarget? {
        guard healthPath.hasPrefix("/"), healthPath.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw ValidationError("--health-path '\(healthPath)': it begins with / and has no blanks, as in /health")
        }
        if check != nil, url != nil { throw ValidationError("--check and --url: give one of them") }
        if let check, check.isEmpty { throw ValidationError("--check '': it is a shell command, as in 'exit 0'") }
        do { return try url.map { try ProbeTarget(url: $0) } } catch { throw ValidationError("--url: \(error)") }
    }

    private static func duration(_ text: String) throws -> Duration {
        guard case .finite(let span) = TimeSpan(text), span <= .seconds(86_400) else {
            throw ValidationError("it is a number of seconds, or has units (10s, 2min), up to a day")
        }
        return span
    }
}
