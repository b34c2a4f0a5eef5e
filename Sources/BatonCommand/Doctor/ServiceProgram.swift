/// What a service's command line says of how it drains.
struct ServiceProgram: Equatable {
    /// Time that a drain may take, and where that is from.
    struct Drain: Equatable {
        let limit: TimeSpan
        let origin: String

        /// What Baton's servers have where nothing is said.
        static let normal = Drain(limit: .finite(.seconds(30)), origin: "the default of Baton's servers")
    }

    /// Whether the main process is a supervisor, whose children serve.
    let isSupervised: Bool
    /// Whether the program starts its successor itself.
    let restartsItself: Bool
    /// From `--drain-timeout`; nil if that is not there.
    let drain: Drain?
    /// The value of `--drain-timeout`, if it cannot be known here.
    let unknownDrain: String?

    init(commandLine: String) {
        // Prefixes of the program, as of systemd.service(5).
        let words = UnitText.words(String(commandLine.drop { "@-:+!|".contains($0) }))
        let name = words.first?.split(separator: "/").last ?? ""
        isSupervised = name == "start_server" || (name == "baton" && words.dropFirst().first == "run")
        restartsItself = Self.value(of: "--restart-signal", in: words) != nil
        let timeout = Self.value(of: "--drain-timeout", in: words)
        drain = timeout.flatMap { TimeSpan($0) }.map { Drain(limit: $0, origin: "--drain-timeout in ExecStart=") }
        unknownDrain = drain == nil ? timeout : nil
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
