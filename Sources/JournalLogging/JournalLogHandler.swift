public import Logging

/// Sends what is logged to the journal, with all its fields; where there is none, readable lines to standard error.
///
/// ```swift
/// LoggingSystem.bootstrap { JournalLogHandler(label: $0) }
/// ```
///
/// One of three ways is chosen when the first logger is made:
/// - Standard error is the journal, as `JOURNAL_STREAM` says (systemd.exec(5)), and journald's socket is there: entries with
///   all fields by `sd_journal_sendv(3)`. Message, priority, code location, error and metadata become fields;
///   `journalctl -o json` shows them, `journalctl REQUEST_ID=…` finds them.
/// - Standard error is the journal, without that socket or in a build without libsystemd: lines `<6>message key=value`, of
///   which journald makes the priority and the message (sd-daemon(3)).
/// - Else lines `time level label: message key=value`.
///
/// A metadata key becomes the name of a field in upper case, with `_` for what is not a letter of `A` to `Z` or a digit:
/// `hb.request.id` is `HB_REQUEST_ID`. A name that has a meaning of its own, like `message`, gets `METADATA_` in front.
/// Dictionaries become a field for each value (`USER_ID`), arrays several fields of one name. Values go in whole,
/// whatever their size, and ``JournalBytes`` byte by byte.
///
/// Thread-safe. Logging never waits for the reader: a line is put into a queue, of 16,384 lines or 16 MiB in all, and sent
/// by a thread of its own, in order and within 10 ms. When the queue is full, lines are lost and counted, and the count goes out as a line of its own,
/// with the field `LOST_LINES`, as soon as there is room. At `exit(3)` what is in the queue gets up to a second to go out, a
/// fifth of one where nobody reads. What ends the process at once (a crash, SIGKILL, `_exit(2)`) takes the last moment's
/// lines with it: call ``flush(within:)`` before doing that on purpose. Not for a child after `fork(2)` without exec.
public struct JournalLogHandler: LogHandler {
    /// The least severe level that is logged.
    public var logLevel = Logger.Level.info
    /// What every line carries.
    public var metadata: Logger.Metadata = [:]
    /// What adds to the metadata of each line when it is logged.
    public var metadataProvider: Logger.MetadataProvider?
    private let identity: LoggerIdentity
    private let output: LogOutput

    /// Creates the handler of one logger, to be given to `LoggingSystem.bootstrap`.
    ///
    /// - Parameters:
    ///   - label: The logger's label.
    ///   - metadataProvider: What adds to the metadata of each line; by default what `LoggingSystem` was given.
    public init(label: String, metadataProvider: Logger.MetadataProvider? = LoggingSystem.metadataProvider) {
        self.init(label: label, metadataProvider: metadataProvider, output: .ofThisProcess)
    }

    init(label: String, metadataProvider: Logger.MetadataProvider? = nil, output: LogOutput) {
        identity = LoggerIdentity(label: label)
        self.metadataProvider = metadataProvider
        self.output = output
    }

    /// One of the values that every line carries.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Puts a line into the queue.
    public func log(event: LogEvent) {
        let all = LineMetadata(own: metadata, provided: metadataProvider?.get() ?? [:], event: event.metadata ?? [:])
        var line = LineBuffer()
        output.format.append(event, all, of: identity, to: &line)
        output.queue.append(line, urgent: event.level >= .error)
    }

    /// Waits until everything that was logged before has been sent.
    ///
    /// It blocks the calling thread: not for event loops and tasks.
    ///
    /// - Parameter limit: How long to wait at most.
    /// - Returns: Whether all of it has been sent.
    public static func flush(within limit: Duration) -> Bool {
        LogOutput.ofThisProcess.queue.flush(within: limit, patience: limit) == 0
    }
}
