public import Logging

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Logs readable lines to standard error; where that is the journal, each with its priority (sd-daemon(3)).
///
/// In the journal a line is `<6>message key=value`, of which journald makes `PRIORITY=6` and the message; elsewhere the
/// time, the level and the logger's label stand in front. Thread-safe; a line is written before the call returns.
public struct JournalLogHandler: LogHandler {
    /// The least severe level that is logged.
    public var logLevel = Logger.Level.info
    /// What every line carries.
    public var metadata: Logger.Metadata = [:]
    private let label: String
    private let isJournal: Bool
    private let write: @Sendable (String) -> Void

    /// Creates the handler of one logger, to be given to `LoggingSystem.bootstrap`.
    ///
    /// - Parameter label: The logger's label.
    public init(label: String) {
        self.init(label: label, isJournal: StandardError.isJournal, write: StandardError.write)
    }

    init(label: String, isJournal: Bool, write: @escaping @Sendable (String) -> Void) {
        self.label = label
        self.isJournal = isJournal
        self.write = write
    }

    /// One of the values that every line carries.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a line.
    public func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let values = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let prefix = isJournal ? "<\(event.level.priority)>" : "\(Self.timestamp()) \(event.level) \(label): "
        let lines = "\(event.message)\(values)".split(separator: "\n", omittingEmptySubsequences: false)
        write(lines.map { "\(prefix)\($0)\n" }.joined())
    }

    private static func timestamp() -> String {
        var (now, parts) = (time(nil), tm())
        localtime_r(&now, &parts)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { text in
            let count = strftime(text.baseAddress, text.count, "%Y-%m-%dT%H:%M:%S%z", &parts)
            return String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }
}

extension Logger.Level {
    /// The level's syslog(3) priority.
    fileprivate var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
