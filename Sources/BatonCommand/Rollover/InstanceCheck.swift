/// Tells whether an instance is well that shares its sockets with another one.
protocol InstanceCheck: Sendable {
    /// Asks a few times at once.
    ///
    /// - Parameter processes: The instance's.
    func ask(_ processes: Set<CInt>, of unit: UnitName) async throws(ToolRun.Failure) -> InstanceAnswers
}

/// What a check has found.
struct InstanceAnswers: Equatable {
    /// Of the instance, and good.
    var good = 0
    /// Of somebody else.
    var others = 0
    /// Good, and nobody can say whose.
    var unknown = 0
    /// Why it is not well.
    var complaint: String?

    /// How many say something about the instance. Where it can be told whose they are, one of which it cannot says nothing.
    var counted: Int { good + others > 0 ? good : unknown }

    static func + (left: InstanceAnswers, right: InstanceAnswers) -> InstanceAnswers {
        InstanceAnswers(
            good: left.good + right.good,
            others: left.others + right.others,
            unknown: left.unknown + right.unknown,
            complaint: left.complaint ?? right.complaint
        )
    }

    /// For people.
    var text: String {
        let all = good + others + unknown
        return unknown > 0
            ? "\(all) answers were good; whose \(unknown) of them were could not be told"
            : "\(good) of \(all) answers were its own, and good"
    }
}

/// A shell command of the operator's.
struct CommandCheck: InstanceCheck {
    let command: String

    func ask(_ processes: Set<CInt>, of unit: UnitName) async throws(ToolRun.Failure) -> InstanceAnswers {
        let variables = ["INSTANCE": "\(unit)", "MAINPID": processes.min().map(String.init) ?? ""]
        let run = try ToolRun.run(["/bin/sh", "-c", command], variables: variables)
        guard run.status == 0 else { return InstanceAnswers(complaint: "--check '\(command)': \(run.reason)") }
        return InstanceAnswers(good: 1)
    }
}
