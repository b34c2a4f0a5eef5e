/// A service with its socket units, and what is known of where they run.
struct Examination {
    /// Something that could not be looked at, and why.
    struct Unchecked: Equatable, Encodable {
        let what: String
        let why: String
    }

    let service: Unit
    let sockets: [Unit]
    /// The version that will run them.
    let systemd: Int
    /// How long a drain may take, with what the program serves before it.
    let drain: ServiceProgram.Drain
    let program: ServiceProgram
    var specifiers: Specifiers
    var live: LiveState?
    var exposure: Exposure?
    var unchecked: [Unchecked] = []

    /// - Parameter drain: How long a drain may take, if the caller knows; else the command line says it.
    init(service: Unit, sockets: [Unit], systemd: Int, runtimeDirectory: String = "/run", drain: TimeSpan? = nil) {
        (self.service, self.sockets, self.systemd) = (service, sockets, systemd)
        specifiers = Specifiers(name: service.name, runtimeDirectory: runtimeDirectory)
        program = ServiceProgram(commandLine: service.text(.execStart) ?? "")
        let told = drain.map { ServiceProgram.Drain(limit: $0, origin: "--drain-timeout of doctor") }
        self.drain = told ?? (program.drain ?? .normal).after(program.lameDuck)
        if told == nil, !program.unknownTimes.isEmpty {
            unchecked.append(
                Unchecked(
                    what: "the drain timeout",
                    why: "\(program.unknownTimes.joined(separator: " and ")) in ExecStart= is no time that is known "
                        + "here; taken as \(self.drain.limit.text), give --drain-timeout"
                )
            )
        }
    }

    /// Whether each connection gets a process of its own.
    var isPerConnection: Bool { !sockets.isEmpty && sockets.allSatisfy { $0.boolean(.accept) } }

    /// `TimeoutStopSec=` for that drain, with room for what follows it.
    var sufficientStopTimeout: TimeSpan {
        guard case .finite(let limit) = drain.limit else { return .infinity }
        return .finite(limit + .seconds(10))
    }

    /// All findings, the worst first.
    func findings() -> [Finding] {
        // What is wrong now comes before what will be.
        let all =
            LiveChecks.findings(self) + SocketChecks.findings(self) + StartChecks.findings(self)
            + DrainChecks.findings(self) + StoreChecks.findings(self) + FileChecks.findings(self)
            + [exposure?.finding(service)].compactMap(\.self)
        return all.enumerated().sorted { left, right in
            (right.element.severity, left.offset) < (left.element.severity, right.offset)
        }.map(\.element)
    }
}
