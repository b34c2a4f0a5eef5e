internal import Logging

/// In which form a process's log lines leave it.
enum LogFormat: Sendable {
    /// Entries with fields, through journald's socket.
    case journalEntries
    /// Lines of text with their priority in front, to standard error, which journald reads.
    case linesWithPriority
    /// Lines of text with time, level and label in front, to standard error.
    case linesWithTime

    /// What fits where standard error goes: entries only where a person who looks for this process's output looks into
    /// the journal, because that is where standard error goes, too.
    static func choose() -> LogFormat {
        guard StandardError.isJournal else { return .linesWithTime }
        return JournalSocket.isThere ? .journalEntries : .linesWithPriority
    }

    /// Sends a finished line, and waits as long as nobody takes it; returns whether that worked.
    func send(_ line: UnsafeRawBufferPointer) -> Bool {
        self == .journalEntries ? JournalSocket.send(line) : StandardError.write(line)
    }

    /// Appends the line of an event.
    func append(_ event: LogEvent, _ metadata: LineMetadata, of logger: LoggerIdentity, to line: inout LineBuffer) {
        switch self {
        case .journalEntries: JournalEntry.append(event, metadata, constant: logger.fields, to: &line)
        case .linesWithPriority: TextLine.appendWithPriority(event, metadata, to: &line)
        case .linesWithTime: TextLine.appendWithTime(event, metadata, label: logger.label, to: &line)
        }
    }

    /// The line that says how many lines were lost.
    func lossReport(of lost: Int) -> QueuedLine {
        let lines = lost == 1 ? "1 log line was lost" : "\(lost) log lines were lost"
        let taker = self == .linesWithTime ? "standard error" : "the journal"
        let event = LogEvent(
            level: .warning,
            message: "\(lines): \(taker) did not take \(lost == 1 ? "it" : "them") in time",
            metadata: nil,
            source: nil,
            file: #fileID,
            function: #function,
            line: #line
        )
        var line = LineBuffer()
        append(event, LineMetadata(), of: LoggerIdentity(label: "JournalLogging"), to: &line)
        if self == .journalEntries { JournalEntry.appendLostLines(lost, to: &line) }
        return line.finish()
    }
}

/// What all lines of a logger have in common.
struct LoggerIdentity: Sendable {
    let label: String
    /// The label and the program's name as fields of a journal entry.
    let fields: [UInt8]

    init(label: String) {
        self.label = label
        fields = JournalEntry.constantFields(program: Self.program, label: label)
    }

    /// The last part of the path by which this program was started.
    private static let program: String = {
        let path = CommandLine.arguments.first ?? ""
        return path.split(separator: "/").last.map(String.init) ?? path
    }()
}
