/// What a service's command line says of how it drains.
struct ServiceProgram: Equatable {
    /// Time that a drain may take, and where that is from.
    struct Drain: Equatable {
        let limit: TimeSpan
        let origin: String

        /// The same with a lame duck before it, in which the program still serves after TERM.
        func after(_ lameDuck: TimeSpan?) -> Drain {
            guard let lameDuck, !lameDuck.isZero else { return self }
            return Drain(limit: limit + lameDuck, origin: "\(origin), and --lame-duck before it")
        }

        /// What Baton's servers have where nothing is said.
        static let normal = Drain(limit: .finite(.seconds(30)), origin: "the default of Baton's servers")
    }

    /// Whether the main process is a supervisor, whose children serve.
    let isSupervised: Bool
    /// Whether the program starts its successor itself.
    let restartsItself: Bool
    /// From `--drain-timeout`; nil if that is not there.
    let drain: Drain?
    /// From `--lame-duck`; nil if that is not there.
    let lameDuck: TimeSpan?
    /// The options whose time cannot be known here, with their values.
    let unknownTimes: [String]

    init(commandLine: String) {
        // Prefixes of the program, as of systemd.service(5).
        let words = UnitText.words(String(commandLine.drop { "@-:+!|".contains($0) }))
        let name = words.first?.split(separator: "/").last ?? ""
        isSupervised = name == "start_server" || (name == "baton" && words.dropFirst().first == "run")
        restartsItself = Self.value(of: "--restart-signal", in: words) != nil
        var unknown: [String] = []
        func time(_ option: String) -> TimeSpan? {
            guard let text = Self.value(of: option, in: words) else { return nil }
            let time = TimeSpan(text)
            if time == nil { unknown.append("\(option) \(text)") }
            return time
        }
        drain = time("--drain-timeout").map { Drain(limit: $0, origin: "--drain-timeout in ExecStart=") }
        lameDuck = time("--lame-duck")
        unknownTimes = unknown
    }

    /// Of `--option value` and `--option=value`, the last one.
    static func value(of option: String, in words: [String]) -> String? {
        for (index, word) in words.enumerated().reversed() {
            if word.hasPrefix("\(option)=") { return String(word.dropFirst(option.count + 1)) }
            if word == option, index + 1 < words.count { return words[index + 1] }
        }
        return nil
    }
}
