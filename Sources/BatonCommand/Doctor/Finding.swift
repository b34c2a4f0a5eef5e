/// How bad a finding is; the exit status goes by the worst one.
enum Severity: String, Encodable, Comparable, CaseIterable {
    /// What could be better.
    case hint
    /// Requests have to wait, connections are closed, or somebody is told what is not true.
    case warning
    /// Requests are lost, or clients refused, at a restart, a stop, a crash, or when the socket unit is restarted.
    case error

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
}

/// Something about a unit that loses requests, or may.
struct Finding: Equatable {
    /// What to write, and where.
    struct Change: Equatable {
        let section: String
        let line: String
    }

    let id: FindingID
    let unit: UnitName
    /// What is so, and what comes of it.
    let message: String
    /// What to write into the unit; nil where the cure is a command.
    var change: Change?
    /// The command that cures it.
    var command: String?
    /// The line that is the reason, if it is one.
    var place: UnitFile.Ignored?
    /// The file of the unit.
    let file: String
    /// Where this is documented.
    let source: String

    var severity: Severity { id.severity }
}

extension Finding {
    /// A finding that is cured by a line in the unit.
    init(
        _ id: FindingID,
        _ unit: Unit,
        _ message: String,
        write line: String,
        in section: String? = nil,
        at assignment: UnitFile.Assignment? = nil,
        source: String
    ) {
        let own = unit.name.kind == .socket ? "Socket" : "Service"
        self.init(
            id: id,
            unit: unit.name,
            message: message,
            change: Change(section: section ?? own, line: line),
            place: assignment.map { .init(file: $0.file, line: $0.line, reason: "\($0.key)=\($0.value)") },
            file: unit.path,
            source: source
        )
    }

    /// A finding that is cured by a command, or by nothing but time.
    init(_ id: FindingID, _ unit: Unit, _ message: String, run command: String? = nil, source: String) {
        self.init(id: id, unit: unit.name, message: message, command: command, file: unit.path, source: source)
    }
}
