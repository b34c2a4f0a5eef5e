/// What Perl's Getopt::Long understands and ArgumentParser does not: one dash, abbreviations, any case, and a program without a
/// `--` before it.
enum GetoptLong {
    /// The options that have no value.
    static let flags = [
        "enable-auto-restart", "daemonize", "restart", "stop", "help", "version", "notify", "queue-hups",
    ]
    /// The options that have one.
    static let valued = [
        "port", "path", "interval", "log-file", "pid-file", "dir", "signal-on-hup", "signal-on-term", "backlog",
        "envdir",
        "auto-restart-interval", "kill-old-delay", "status-file", "ready-timeout", "kill-timeout", "max-old",
        "attempts",
        "control", "timeout",
    ]

    /// The arguments with each option by its full name, and `--` before the program.
    static func normalized(_ arguments: [String]) -> [String] {
        var result: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument != "--" else { return result + [argument] + rest }
            guard argument.hasPrefix("-"), argument != "-" else { return result + ["--", argument] + rest }
            let option = fullName(argument)
            result.append(option)
            if valued.contains(String(option.dropFirst(2))), let value = rest.popFirst() { result.append(value) }
        }
        return result
    }

    private static func fullName(_ argument: String) -> String {
        let parts = argument.drop { $0 == "-" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let (name, all) = (parts[0].lowercased(), flags + valued)
        let fitting = all.contains(name) ? [name] : all.filter { $0.hasPrefix(name) }
        guard !name.isEmpty, fitting.count == 1 else { return argument }
        return "--\(fitting[0])" + (parts.count > 1 ? "=\(parts[1])" : "")
    }
}
