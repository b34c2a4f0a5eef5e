#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Where log lines go: a form and the queue that all loggers share.
struct LogOutput: Sendable {
    let format: LogFormat
    let queue: LogQueue

    /// This process's. The form is chosen when the first logger is made.
    static let ofThisProcess: LogOutput = {
        let output = LogOutput(format: .choose())
        atexit { LogOutput.ofThisProcess.finish() }
        return output
    }()

    init(format: LogFormat) {
        self.init(format: format, send: { format.send($0) })
    }

    init(
        format: LogFormat,
        limits: LogQueue.Limits = LogQueue.Limits(),
        send: @escaping @Sendable (UnsafeRawBufferPointer) -> Bool
    ) {
        self.format = format
        queue = LogQueue(limits: limits, send: send, lossReport: { format.lossReport(of: $0) })
    }

    /// Gives what waits a moment to go out, and says what did not.
    private func finish() {
        let lost = queue.flush(within: .seconds(1), patience: .milliseconds(200))
        guard lost > 0 else { return }
        // As text: standard error has room even where journald's socket has none.
        let report = (format == .journalEntries ? .linesWithPriority : format).lossReport(of: lost)
        StandardError.writeIfPossible(report.bytes)
        report.free()
    }
}
