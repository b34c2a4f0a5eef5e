import ArgumentParser

extension UnitsPlan.Kind: ExpressibleByArgument {}
extension UnitsPlan.Hardening: ExpressibleByArgument {}

/// What `baton units` can be told of the units.
struct UnitsOptions: ParsableArguments {
    @Option(help: ArgumentHelp("What the units are called. (default: the program's name)", valueName: "name"))
    var name: String?

    @Option(
        name: .customLong("port"),
        help: ArgumentHelp(
            "Listen there: 8080 (IPv6 and IPv4), 127.0.0.1:8080, [::1]:8080; NAME= before it is FileDescriptorName= and a socket unit "
                + "of its own. Repeatable. (default for NAME: http)",
            valueName: "port"
        )
    )
    var ports: [String] = []

    @Option(
        name: .customLong("path"),
        help: ArgumentHelp("Listen on a UNIX socket at that path; NAME= as for --port. Repeatable.", valueName: "path")
    )
    var paths: [String] = []

    @Option(
        help: ArgumentHelp(
            "plain: the program is the main process. supervised: baton run is, a restart does not wait for a drain. template: "
                + "instances a and b on one socket.",
            valueName: "kind"
        )
    )
    var kind = UnitsPlan.Kind.plain

    @Flag(help: "For the user's own service manager.")
    var user = false

    @Option(help: ArgumentHelp("The systemd they are for. (default: this machine's, else 252)", valueName: "version"))
    var systemd: Int?

    @Option(
        help: ArgumentHelp(
            "What is taken away from the program: none, basic, strict (its system calls, too; no JIT).",
            valueName: "level"
        )
    )
    var hardening = UnitsPlan.Hardening.strict

    @Option(help: ArgumentHelp("Description= of the service.", valueName: "text"))
    var description: String?

    @Option(
        help: ArgumentHelp("RuntimeDirectory=, below /run. (default: the name of the units)", valueName: "folder")
    )
    var runtimeDirectory: String?

    @Option(help: ArgumentHelp("StateDirectory=, below /var/lib. (default: none)", valueName: "folder"))
    var stateDirectory: String?

    @Option(
        help: ArgumentHelp(
            "How long a drain may take, as the program has it. (default: its --drain-timeout, else 30s)",
            valueName: "time"
        )
    )
    var drainTimeout: String?

    @Option(help: ArgumentHelp("MemoryMax=, as in 512M or 20%. (default: none)", valueName: "size"))
    var memoryMax: String?

    @Flag(help: "The program does not say READY=1 (sd_notify); only with --kind supervised.")
    var noNotify = false

    @Flag(
        help: ArgumentHelp(
            "The program is not built with Baton: it says READY=1, and nothing else of systemd's or of Baton's is asked of it. Not "
                + "with --kind supervised, which asks nothing else of any program."
        )
    )
    var foreign = false

    @Option(help: ArgumentHelp("Where this command will be.", valueName: "path"))
    var baton = "/usr/local/bin/baton"
}
