import ArgumentParser
import Baton

/// What `baton run` can be told: Server::Starter's options with its defaults, and more.
struct RunOptions: ParsableArguments {
    @Option(
        name: .customLong("port"),
        help: ArgumentHelp(
            "Listen there: 8080 (IPv4), host:8080, [::1]:8080; u8080 is UDP; =FD behind it wants that descriptor. Repeatable.",
            valueName: "port"
        )
    )
    var ports: [String] = []

    @Option(
        name: .customLong("path"),
        help: ArgumentHelp("Listen on a UNIX socket at that path. Repeatable.", valueName: "path")
    )
    var paths: [String] = []

    @Option(help: ArgumentHelp("How many connections may wait. (default: 4096)", valueName: "count"))
    var backlog: Int?

    @Option(
        help: ArgumentHelp(
            "How long a program must live to count as ready, if it does not speak.",
            valueName: "seconds"
        )
    )
    var interval = 1.0

    @Flag(help: "The program says READY=1 (sd_notify): wait for that.")
    var notify = false

    @Option(help: ArgumentHelp("How long a program that speaks may take until it is ready.", valueName: "seconds"))
    var readyTimeout = 60.0

    @Option(help: ArgumentHelp("What tells an old generation to drain after a hand-over.", valueName: "signal"))
    var signalOnHup = "TERM"

    @Option(help: ArgumentHelp("What tells the generations to drain when this stops.", valueName: "signal"))
    var signalOnTerm = "TERM"

    @Option(help: ArgumentHelp("The program's working directory, entered at each start.", valueName: "path"))
    var dir: String?

    @Option(help: ArgumentHelp("Where this process's number is kept, locked as long as it runs.", valueName: "file"))
    var pidFile: String?

    @Option(help: ArgumentHelp("Where GENERATION:PID of those that serve and drain is kept.", valueName: "file"))
    var statusFile: String?

    @Option(
        help: ArgumentHelp(
            "The socket by which baton restart and baton status reach this. (default: PID-FILE.control; in a unit $RUNTIME_DIRECTORY/baton-run, and PID-FILE.control is a link to it)",
            valueName: "path"
        )
    )
    var control: String?

    @Option(
        help: ArgumentHelp(
            "Variables for the program, a file each, read at each start. (default: $ENVDIR)",
            valueName: "folder"
        )
    )
    var envdir: String?

    @Option(
        help: ArgumentHelp("Where standard output and standard error go: a file, or '| COMMAND'.", valueName: "target")
    )
    var logFile: String?

    @Flag(help: "Go on in the background when the first generation is ready; needs --log-file.")
    var daemonize = false

    @Flag(help: "Replace the program from time to time without being asked.")
    var enableAutoRestart = false

    @Option(
        help: ArgumentHelp(
            "How often; at twice that even if old generations drain. (default: 360)",
            valueName: "seconds"
        )
    )
    var autoRestartInterval: Double?

    @Option(
        help: ArgumentHelp(
            "How long an old generation serves on beside the new one. (default: 0; 5 with --enable-auto-restart)",
            valueName: "seconds"
        )
    )
    var killOldDelay: Double?

    @Option(
        help: ArgumentHelp("How long a generation may drain until it is killed; 0 is for ever.", valueName: "seconds")
    )
    var killTimeout = 90.0

    @Option(
        help: ArgumentHelp(
            "How many generations may drain; beyond it the oldest gets QUIT, and KILL 5 s later.",
            valueName: "count"
        )
    )
    var maxOld = 3

    @Flag(help: "Give each HUP a generation of its own, instead of one for all that come during a start.")
    var queueHups = false

    @Option(help: ArgumentHelp("How many starts in a row may fail until a restart is given up.", valueName: "count"))
    var attempts = 3

    mutating func validate() throws {
        for (name, value) in [
            ("interval", interval), ("ready-timeout", readyTimeout), ("kill-timeout", killTimeout),
            ("auto-restart-interval", autoRestartInterval ?? 1), ("kill-old-delay", killOldDelay ?? 0),
        ] where !(value >= 0 && value <= 31_536_000) {
            throw ValidationError("--\(name) \(value): it is a number of seconds from 0 to 31536000 (a year)")
        }
        for (name, value) in [("max-old", maxOld), ("attempts", attempts), ("backlog", backlog ?? 1)]
        where !(1...1_000_000).contains(value) {
            throw ValidationError("--\(name) \(value): it is a number from 1 to 1000000")
        }
        for (name, value) in [("signal-on-hup", signalOnHup), ("signal-on-term", signalOnTerm)]
        where Signal(name: value) == nil {
            throw ValidationError("--\(name) \(value): it is a signal: \(Signal.names.joined(separator: ", "))")
        }
        if let control, control.hasPrefix("@") {
            throw ValidationError(
                "--control \(control): every user of this machine could ask on a socket in the abstract namespace; use a path"
            )
        }
        for path in paths where path.contains(where: { $0 == ";" || $0.isNewline }) {
            throw ValidationError(
                "--path '\(path)': a ';' would be the end of it in SERVER_STARTER_PORT; use another path"
            )
        }
        let numbers = try parsedPorts().compactMap(\.number)
        if let twice = numbers.first(where: { number in numbers.count { $0 == number } > 1 }) {
            throw ValidationError("--port: descriptor \(twice) is wanted for two sockets; give each another one")
        }
    }

    func parsedPorts() throws -> [PortSpecification] {
        try ports.map { text in
            do throws(PortSpecification.Malformed) {
                return try PortSpecification(text)
            } catch { throw ValidationError(error.description) }
        }
    }

    /// What a supervision is told, with what variables say that may change while it runs, as Server::Starter has them.
    func policy(_ environment: [String: String]) -> SupervisionPolicy {
        var policy = SupervisionPolicy()
        policy.interval = .seconds(interval)
        policy.expectsReady = notify
        policy.readyTimeout = .seconds(readyTimeout)
        policy.signalOnHUP = Signal(name: signalOnHup) ?? .term
        policy.signalOnTERM = Signal(name: signalOnTerm) ?? .term
        policy.killTimeout = killTimeout > 0 ? .seconds(killTimeout) : nil
        policy.maxOld = maxOld
        policy.queuesRestarts = queueHups
        policy.attempts = attempts
        func number(_ name: String) -> Double? {
            environment[name].flatMap(Double.init).flatMap { $0 >= 0 && $0 <= 31_536_000 ? $0 : nil }
        }
        // Perl's idea of what is true.
        let isAutomatic = !["", "0", nil].contains(environment["ENABLE_AUTO_RESTART"])
        if isAutomatic { policy.autoRestartInterval = .seconds(max(number("AUTO_RESTART_INTERVAL") ?? 360, 0.1)) }
        policy.killOldDelay = .seconds(number("KILL_OLD_DELAY") ?? (isAutomatic ? 5 : 0))
        return policy
    }

    /// The variables that the options set, for this process and its children, as Server::Starter does.
    var variables: [String: String] {
        var variables: [String: String] = [:]
        variables["ENVDIR"] = envdir
        if enableAutoRestart { variables["ENABLE_AUTO_RESTART"] = "1" }
        variables["AUTO_RESTART_INTERVAL"] = autoRestartInterval.map { Duration.seconds($0).seconds }
        variables["KILL_OLD_DELAY"] = killOldDelay.map { Duration.seconds($0).seconds }
        return variables
    }
}
